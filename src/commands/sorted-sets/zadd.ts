import { scoreText } from '../../engine/fields/scores.js';
import { type KeyName, NO_SESSION, type Session, type SessionEngine } from '../../engine/index.js';
import { CodedError, SYNTAX } from '../../errors.js';
import type { Context } from '../../execution/context/context.js';
import type { Slice } from '../../slice.js';
import type { Arguments } from '../arguments/arguments.js';
import { readScore, writeScoreOrNull } from '../arguments/score.js';
import type { Command } from '../declaration/command.js';
import { KEY, MEMBER } from '../keys/grammar.js';
import { findKind, makeKey } from '../keys/lookup.js';

// ZADD, and ZINCRBY, which is ZADD with INCR.

const OPTIONS = [
  { word: 'NX' },
  { word: 'XX' },
  { word: 'GT' },
  { word: 'LT' },
  { word: 'CH' },
  { word: 'INCR' },
] as const;
type Word = (typeof OPTIONS)[number]['word'];

interface Scored {
  readonly score: number;
  readonly member: Slice;
}

/** Reads the options, and adds members or changes their scores. */
function add(context: Context, args: Arguments, given: readonly Word[]): void {
  const { client, engine, reply, server } = context;
  const key = args.key(client);
  const words = new Set<Word>(given);
  for (let option = args.option(OPTIONS); option !== undefined; option = args.option(OPTIONS)) words.add(option.word);
  if (args.left === 0 || args.left % 2 !== 0) throw SYNTAX;
  checkWords(words, args.left);
  const scored: Scored[] = [];
  while (args.left > 0) scored.push({ score: readScore(args.slice()), member: args.slice() });

  let session = findKind(engine, key, 'zset');
  let added = 0;
  let changed = 0;
  let result: number | undefined;
  for (const { score, member } of scored) {
    const former = session === NO_SESSION ? undefined : engine.data.peekScore(session, member);
    const next = nextScore(words, former, score);
    if (next === undefined) continue;
    result = next;
    if (next === former) continue;
    if (former === undefined) added++;
    else changed++;
    if (session === NO_SESSION) session = begin(engine, key, member, next);
    else engine.data.setScore(session, member, next);
  }
  if (added + changed > 0) server.keyspaceEvents.notify('z', words.has('INCR') ? 'zincr' : 'zadd', key);
  if (words.has('INCR')) writeScoreOrNull(reply, result);
  else reply.integer(words.has('CH') ? added + changed : added);
}

/** Makes a sorted set of one member. */
function begin(engine: SessionEngine, key: KeyName, member: Slice, score: number): Session {
  const session = engine.findShared(key);
  if (session === NO_SESSION) return makeKey(engine, key, { kind: 'zset', data: [member, scoreText(score)] });
  // A session of this name that has no data.
  engine.data.setScore(session, member, score);
  return session;
}

/** @throws CodedError if words exclude each other, as Redis words it. */
function checkWords(words: ReadonlySet<Word>, left: number): void {
  const has = (word: Word) => words.has(word);
  if (has('NX') && has('XX')) throw new CodedError('ERR', 'XX and NX options at the same time are not compatible');
  if ((has('GT') && has('NX')) || (has('LT') && has('NX')) || (has('GT') && has('LT')))
    throw new CodedError('ERR', 'GT, LT, and/or NX options at the same time are not compatible');
  if (has('INCR') && left > 2) throw new CodedError('ERR', 'INCR option supports a single increment-element pair');
}

/**
 * Returns the score that a member gets, or undefined if the options forbid it.
 * @param former Its score before; undefined if it is new.
 * @throws CodedError if an increment makes it NaN.
 */
function nextScore(words: ReadonlySet<Word>, former: number | undefined, given: number): number | undefined {
  if (former === undefined) return words.has('XX') ? undefined : given;
  if (words.has('NX')) return undefined;
  const next = words.has('INCR') ? former + given : given;
  if (Number.isNaN(next)) throw new CodedError('ERR', 'resulting score is not a number (NaN)');
  if ((words.has('GT') && next <= former) || (words.has('LT') && next >= former)) return undefined;
  return next;
}

export const zadd: Command = {
  name: 'zadd',
  summary: 'Adds members to a sorted set, or changes their scores.',
  complexity: 'O(log N) for each member, where N is the number of members',
  group: 'sorted-set',
  flags: ['write', 'denyoom', 'fast'],
  arity: -4,
  arguments: [
    { ...KEY, use: 'RW update' },
    {
      name: 'condition',
      type: 'oneof',
      optional: true,
      arguments: [
        { name: 'nx', type: 'pure-token', token: 'NX' },
        { name: 'xx', type: 'pure-token', token: 'XX' },
      ],
    },
    {
      name: 'comparison',
      type: 'oneof',
      optional: true,
      arguments: [
        { name: 'gt', type: 'pure-token', token: 'GT' },
        { name: 'lt', type: 'pure-token', token: 'LT' },
      ],
    },
    { name: 'change', type: 'pure-token', token: 'CH', optional: true },
    { name: 'increment', type: 'pure-token', token: 'INCR', optional: true },
    { name: 'data', type: 'block', multiple: true, arguments: [{ name: 'score', type: 'double' }, MEMBER] },
  ],
  reply:
    'the number of new members; with CH, of new and changed members; with INCR, the new score, or null if a condition was not met',
  run(context, args) {
    add(context, args, []);
  },
};

export const zincrby: Command = {
  name: 'zincrby',
  summary: 'Increments the score of a member of a sorted set. A missing member counts as 0.',
  complexity: 'O(log N), where N is the number of members',
  group: 'sorted-set',
  flags: ['write', 'denyoom', 'fast'],
  arity: 4,
  arguments: [KEY, { name: 'increment', type: 'double' }, MEMBER],
  reply: 'the new score',
  run(context, args) {
    add(context, args, ['INCR']);
  },
};
