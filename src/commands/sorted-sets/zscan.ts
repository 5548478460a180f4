import { parseScore } from '../../engine/fields/scores.js';
import type { Slice } from '../../slice.js';
import type { Command } from '../declaration/command.js';
import { SCAN_ARGUMENTS, scanFields } from '../keys/scan-fields.js';
import { formatScore } from './score.js';

export const zscan: Command = {
  name: 'zscan',
  summary:
    'Iterates over the members of a sorted set, in no particular order. A small one (up to 64 members) is returned by the first call, whatever COUNT says.',
  complexity: 'O(COUNT) for each call, O(N) for a complete iteration, where N is the number of members',
  group: 'sorted-set',
  flags: ['readonly'],
  arity: -3,
  arguments: SCAN_ARGUMENTS,
  reply: '[next cursor, [member, score, …]]; the cursor is 0 at the end',
  run(context, args) {
    scanFields(context, args, 'zset', textOf);
  },
};

/** Returns a score as ZSCAN writes it: unlike other commands, it writes large integers without an exponent. */
function textOf(value: Slice): string {
  const score = parseScore(value);
  return Number.isInteger(score) && Math.abs(score) <= 2 ** 62 ? String(BigInt(score)) : formatScore(score);
}
