import { type KeyName, SessionEngine } from '../../engine/index.js';
import type { Context } from '../../execution/context/context.js';
import type { Slice } from '../../slice.js';
import { type Arguments, keyName } from '../arguments/arguments.js';
import type { Argument, Command } from '../declaration/command.js';
import { KEY, VALUE } from '../keys/grammar.js';
import { isKey } from '../keys/lookup.js';
import { writeString } from './write-string.js';

// MSET and MSETNX.

const DATA: Argument = { name: 'data', type: 'block', multiple: true, arguments: [KEY, VALUE] };

interface Pair {
  readonly key: KeyName;
  readonly value: Slice;
}

function readPairs({ client }: Context, args: Arguments): Pair[] {
  const words = args.pairs();
  return Array.from({ length: words.length / 2 }, (_, i) => ({
    key: keyName(client, words[2 * i]),
    value: words[2 * i + 1],
  }));
}

function setAll(context: Context, pairs: readonly Pair[]): void {
  // Checks all names first, so that either all keys are set or none.
  for (const { key } of pairs) SessionEngine.checkName(key);
  for (const { key, value } of pairs) writeString(context, key, context.engine.findShared(key), value, 0);
}

export const mset: Command = {
  name: 'mset',
  summary: 'Sets keys to strings.',
  complexity: 'O(N), where N is the number of keys',
  group: 'string',
  flags: ['write', 'denyoom'],
  arity: -3,
  arguments: [DATA],
  reply: 'OK',
  run(context, args) {
    setAll(context, readPairs(context, args));
    context.reply.ok();
  },
};

export const msetnx: Command = {
  name: 'msetnx',
  summary: 'Sets keys to strings, but only if none of the keys exists.',
  complexity: 'O(N), where N is the number of keys',
  group: 'string',
  flags: ['write', 'denyoom'],
  arity: -3,
  arguments: [DATA],
  reply: '1; 0 if one of the keys exists',
  run(context, args) {
    const { engine, reply } = context;
    const pairs = readPairs(context, args);
    const exists = pairs.some(({ key }) => isKey(engine, engine.findShared(key)));
    if (!exists) setAll(context, pairs);
    reply.integer(exists ? 0 : 1);
  },
};
