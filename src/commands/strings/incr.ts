import { type KeyName, NO_SESSION } from '../../engine/index.js';
import { CodedError } from '../../errors.js';
import type { Context } from '../../execution/context/context.js';
import { Slice } from '../../slice.js';
import type { Argument, Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { putString } from './write-string.js';

// INCR, DECR, INCRBY and DECRBY.

function increment({ engine, reply, server }: Context, key: KeyName, by: bigint): void {
  const session = engine.findShared(key);
  let sum = by;
  if (session === NO_SESSION) putString(engine, key, session, Slice.of(String(by)));
  else sum = engine.data.incrementString(session, by);
  server.keyspaceEvents.notify('$', 'incrby', key);
  reply.integer(sum);
}

const INTEGER = {
  complexity: 'O(1)',
  group: 'string',
  flags: ['write', 'denyoom', 'fast'],
  reply: 'the new value',
} as const;

export const incr: Command = {
  ...INTEGER,
  name: 'incr',
  summary: 'Increments the integer value of a key by 1. A missing key counts as 0.',
  arity: 2,
  arguments: [KEY],
  run(context, args) {
    increment(context, args.key(context.client), 1n);
  },
};

export const decr: Command = {
  ...INTEGER,
  name: 'decr',
  summary: 'Decrements the integer value of a key by 1. A missing key counts as 0.',
  arity: 2,
  arguments: [KEY],
  run(context, args) {
    increment(context, args.key(context.client), -1n);
  },
};

export const incrby: Command = {
  ...INTEGER,
  name: 'incrby',
  summary: 'Increments the integer value of a key by a number. A missing key counts as 0.',
  arity: 3,
  arguments: [KEY, { name: 'increment', type: 'integer' }],
  run(context, args) {
    increment(context, args.key(context.client), args.int64());
  },
};

const DECREMENT: Argument = { name: 'decrement', type: 'integer' };
/** The only 64-bit integer whose negative is not a 64-bit integer. */
const LEAST = -(2n ** 63n);

export const decrby: Command = {
  ...INTEGER,
  name: 'decrby',
  summary: 'Decrements the integer value of a key by a number. A missing key counts as 0.',
  arity: 3,
  arguments: [KEY, DECREMENT],
  run(context, args) {
    const key = args.key(context.client);
    const decrement = args.int64();
    if (decrement === LEAST) throw new CodedError('ERR', 'decrement would overflow');
    increment(context, key, -decrement);
  },
};
