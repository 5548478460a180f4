import { SessionEngine } from '../../engine/index.js';
import type { Context } from '../../execution/context/context.js';
import type { Slice } from '../../slice.js';
import type { Argument, Command } from '../declaration/command.js';
import { KEY, VALUE } from '../keys/grammar.js';
import { isKey } from '../keys/lookup.js';
import { writeString } from './write-string.js';

// MSET and MSETNX.

const DATA: Argument = { name: 'data', type: 'block', multiple: true, arguments: [KEY, VALUE] };

function setAll(context: Context, pairs: readonly Slice[]): void {
  // Checks all names first, so that either all keys are set or none.
  for (let i = 0; i < pairs.length; i += 2) SessionEngine.checkName(pairs[i]);
  for (let i = 0; i < pairs.length; i += 2) {
    writeString(context, pairs[i], context.engine.findShared(pairs[i]), pairs[i + 1], 0);
  }
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
    setAll(context, args.pairs());
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
    const pairs = args.pairs();
    const exists = pairs.some((key, i) => i % 2 === 0 && isKey(engine, engine.findShared(key)));
    if (!exists) setAll(context, pairs);
    reply.integer(exists ? 0 : 1);
  },
};
