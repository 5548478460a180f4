import type { SessionFields } from '../../session-store.js';
import {
  bigintOf,
  booleansOf,
  fieldsOf,
  integerOf,
  isOne,
  keysOf,
  keyTimesLeftOf,
  nothingOf,
  sliceOf,
  valuesOf,
} from '../library/replies.js';
import type { Argument } from '../nodes/nodes.js';
import type { SessionCalls } from './session-calls.js';

/**
 * The keys and values of sessions in the store. Each operation is one call.
 * @param maxValueBytes The maximum length, in bytes, that appending may give a value.
 */
export function fields(calls: SessionCalls, maxValueBytes: number): Omit<SessionFields, 'update'> {
  return {
    get: (token, key, isUse) => calls.ask('get', token, [use(isUse), key], sliceOf),
    getMany: (token, keys, isUse) => calls.ask('getmany', token, [use(isUse), ...keys], valuesOf),
    getAll: (token, isUse) => calls.ask('getall', token, [use(isUse)], fieldsOf),
    contains: (token, keys) => calls.ask('contains', token, keys, booleansOf),
    count: (token) => calls.ask('count', token, [], integerOf),
    keys: (token) => calls.ask('keys', token, [], keysOf),
    keyTimesLeft: (token, keys) => calls.ask('keyttl', token, keys, keyTimesLeftOf),

    set: (token, pairs, isUse) => calls.ask('set', token, [use(isUse), ...pairs], nothingOf),
    setFor: (token, duration, pairs, isUse) => calls.ask('setfor', token, [use(isUse), duration, ...pairs], nothingOf),
    persistKeys: (token, keys, isUse) => calls.ask('persist', token, [use(isUse), ...keys], integerOf),
    add: (token, pairs, isUse) => calls.ask('add', token, [use(isUse), ...pairs], integerOf),
    compareAndSet: (token, key, expected, value, isUse) =>
      calls.ask('cas', token, [use(isUse), key, expected, value], isOne),
    append: (token, key, value, isUse) =>
      calls.ask('append', token, [use(isUse), key, value, maxValueBytes], integerOf),
    increment: (token, key, increment, isUse) =>
      calls.ask('incrby', token, [use(isUse), key, String(increment)], bigintOf),
    delete: (token, keys, isUse) => calls.ask('del', token, [use(isUse), ...keys], integerOf),
    clear: (token, isUse) => calls.ask('clear', token, [use(isUse)], integerOf),
    replace: (token, pairs, isUse) => calls.ask('replace', token, [use(isUse), ...pairs], integerOf),
  };
}

/** Whether an operation counts as use. */
export function use(isUse: boolean): Argument {
  return isUse ? 1 : 0;
}
