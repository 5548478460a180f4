import { Work } from '../../json/limits.js';
import { Slice } from '../../slice.js';
import type { Answer } from '../../store/answer.js';
import type { SessionStore } from '../../store/session-store.js';
import type { Command } from '../declaration/command.js';
import { sessionCommand } from '../declaration/session-command.js';
import type { JsonAction, JsonOperation, Outcome } from '../json/operation.js';
import { KEY, TOKEN } from './grammar.js';

type Declaration = Omit<Command, 'run' | 'ask' | 'write' | 'group'>;

/** Declares a command that reads the JSON in a session's key. @param declaration Its arguments are those after the key. */
export function readsSessionJson<Result>(declaration: Declaration, { read, write }: JsonOperation<Result>): Command {
  return sessionCommand({
    ...declaration,
    group: 'session-data',
    arguments: [TOKEN, KEY, ...declaration.arguments],
    ask(store, args, isUse) {
      const token = args.slice();
      const key = args.slice();
      const action = read(args);
      const finish = (value: Slice | undefined) => action(value, new Work()).result;
      const value = store.get(token, key, isUse);
      return value instanceof Promise ? value.then(finish) : finish(value);
    },
    write,
  });
}

/** Declares a command that changes the JSON in a session's key. @param declaration Its arguments are those after the key. */
export function changesSessionJson<Result>(declaration: Declaration, { read, write }: JsonOperation<Result>): Command {
  return sessionCommand({
    ...declaration,
    group: 'session-data',
    arguments: [TOKEN, KEY, ...declaration.arguments],
    inSteps: true,
    ask(store, args, isUse) {
      const token = args.slice();
      const key = args.slice();
      return change(store, token, key, read(args), isUse);
    },
    write,
  });
}

/** Changes the JSON in a session's key. Returns the result. */
export function change<Result>(
  store: SessionStore,
  token: Slice,
  key: Slice,
  action: JsonAction<Result>,
  isUse: boolean,
): Answer<Result> {
  let outcome: Outcome<Result> | undefined;
  const updating = store.update(
    token,
    key,
    (value) => {
      outcome = action(value, new Work());
      return outcome.text && Slice.of(outcome.text);
    },
    isUse,
  );
  const result = () => {
    if (outcome === undefined) throw new Error('the store has not called the change');
    return outcome.result;
  };
  return updating instanceof Promise ? updating.then(result) : result();
}
