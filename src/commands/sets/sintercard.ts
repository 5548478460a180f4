import { parseInt64 } from '../../engine/fields/int64.js';
import type { Session, SessionEngine } from '../../engine/index.js';
import { CodedError } from '../../errors.js';
import type { Arguments } from '../arguments/arguments.js';
import { readNumberedKeys, TOO_FEW_KEYS } from '../arguments/numbered-keys.js';
import type { Argument, Command } from '../declaration/command.js';
import { NUMBERED_KEYS } from '../keys/grammar.js';
import { intersection, readSets } from './combination.js';

export const LIMIT: Argument = { name: 'limit', type: 'integer', token: 'LIMIT', optional: true };

const ERRORS = {
  tooFew: TOO_FEW_KEYS,
  tooMany: new CodedError('ERR', "Number of keys can't be greater than number of args"),
};

export const sintercard: Command = {
  name: 'sintercard',
  summary: 'Returns how many members the intersection of sets has, and stops counting at a limit.',
  complexity: 'O(N * M), where N is the number of members of the smallest set and M the number of sets',
  group: 'set',
  flags: ['readonly'],
  arity: -3,
  arguments: [...NUMBERED_KEYS, LIMIT],
  reply: 'the number of members, or the limit if that is lower',
  run(context, args) {
    const { client, engine, reply } = context;
    const keys = readNumberedKeys(args, client, ERRORS);
    const limit = readLimit(args);
    reply.integer(countCommon(engine, readSets(context, keys), limit));
  },
};

/** Reads the remaining arguments, `[LIMIT limit]`. Returns Infinity if there is no limit. */
export function readLimit(args: Arguments): number {
  let limit = 0n;
  while (args.left > 0) {
    args.choice('LIMIT');
    limit = parseInt64(args.slice()) ?? -1n;
    if (limit < 0n) throw new CodedError('ERR', "LIMIT can't be negative");
  }
  return limit === 0n ? Infinity : Number(limit);
}

/** Returns how many members sets or sorted sets have in common. Counts up to `limit`. */
export function countCommon(engine: SessionEngine, sessions: readonly Session[], limit: number): number {
  let count = 0;
  intersection(engine, sessions, () => ++count < limit);
  return count;
}
