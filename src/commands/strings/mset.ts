import { parseInt64 } from '../../engine/fields/int64.js';
import { type KeyName, type Session, SessionEngine } from '../../engine/index.js';
import { CodedError, SYNTAX } from '../../errors.js';
import type { Context } from '../../execution/context/context.js';
import type { Slice } from '../../slice.js';
import { type Arguments, keyName } from '../arguments/arguments.js';
import type { Argument, Command, KeyUse } from '../declaration/command.js';
import { NUMKEYS } from '../declaration/key-spec.js';
import { readExpiry } from '../keys/expiry.js';
import { KEY, VALUE } from '../keys/grammar.js';
import { isKey } from '../keys/lookup.js';
import { choiceOf, readStringOptions, type StringOption } from './expiry-options.js';
import { writeString } from './write-string.js';

// MSET, MSETNX and MSETEX, which Redis 8.4 and Valkey 9.1 have.

const dataOf = (use: KeyUse): Argument => ({
  name: 'data',
  type: 'block',
  multiple: true,
  arguments: [{ ...KEY, use }, VALUE],
});
const DATA = dataOf('OW update');

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

/**
 * Sets all keys. Returns their sessions.
 * @param duration Milliseconds until they expire; 0 for never, undefined to keep their deadlines.
 */
function setAll(context: Context, pairs: readonly Pair[], duration: number | undefined): Session[] {
  // Checks all names first, so that either all keys are set or none.
  for (const { key } of pairs) SessionEngine.checkName(key);
  return pairs.map(({ key, value }) => writeString(context, key, context.engine.findShared(key), value, duration));
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
    setAll(context, readPairs(context, args), 0);
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
  arguments: [dataOf('OW insert')],
  reply: '1; 0 if one of the keys exists',
  run(context, args) {
    const { engine, reply } = context;
    const pairs = readPairs(context, args);
    const exists = pairs.some(({ key }) => isKey(engine, engine.findShared(key)));
    if (!exists) setAll(context, pairs, 0);
    reply.integer(exists ? 0 : 1);
  },
};

const OPTIONS: readonly StringOption<'NX' | 'XX' | 'KEEPTTL'>[] = [
  { word: 'NX', kind: 'condition' },
  { word: 'XX', kind: 'condition' },
  { word: 'KEEPTTL', kind: 'expiry' },
];

const WRONG_NUMBER = new CodedError('ERR', 'invalid numkeys value or out of range');
/** Redis takes no larger number of keys. */
const MOST_KEYS = 2 ** 31 - 1;

export const msetex: Command = {
  name: 'msetex',
  summary: 'Sets keys to strings that expire together, and only if none of the keys exists (NX), or all do (XX).',
  complexity: 'O(N), where N is the number of keys',
  group: 'string',
  flags: ['write', 'denyoom'],
  arity: -4,
  arguments: [
    { name: NUMKEYS, type: 'integer' },
    DATA,
    choiceOf('condition', 'condition', OPTIONS),
    choiceOf('expiration', 'expiry', OPTIONS),
  ],
  reply: '1; 0 if the condition prevented it',
  run(context, args) {
    const { client, engine, reply } = context;
    const number = Number(parseInt64(args.slice()) ?? 0n);
    if (number <= 0 || number > MOST_KEYS) throw WRONG_NUMBER;
    if (2 * number > args.left) throw SYNTAX;
    const pairs = Array.from({ length: number }, () => ({ key: args.key(client), value: args.slice() }));
    const { condition, expiry, time } = readStringOptions(args, OPTIONS);
    const ms = time === undefined ? 0 : readExpiry(time.unit, time.given, 1, context, args);
    const exists = ({ key }: Pair) => isKey(engine, engine.findShared(key));
    if (condition === 'XX' ? !pairs.every(exists) : condition === 'NX' && pairs.some(exists)) {
      reply.integer(0);
      return;
    }
    const written = setAll(context, pairs, expiry === 'KEEPTTL' ? undefined : Math.max(ms, 0));
    // The given time has passed, as for SET.
    if (time !== undefined && ms <= 0) for (const session of new Set(written)) engine.end(session);
    reply.integer(1);
  },
};
