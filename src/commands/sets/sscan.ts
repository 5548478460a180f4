import type { Command } from '../declaration/command.js';
import { SCAN_ARGUMENTS, scanFields } from '../keys/scan-fields.js';

export const sscan: Command = {
  name: 'sscan',
  summary:
    'Iterates over the members of a set. A small set (up to 64 members) is returned by the first call, whatever COUNT says.',
  complexity: 'O(COUNT) for each call, O(N) for a complete iteration, where N is the number of members',
  group: 'set',
  flags: ['readonly'],
  arity: -3,
  arguments: SCAN_ARGUMENTS,
  reply: '[next cursor, [member, …]]; the cursor is 0 at the end',
  run(context, args) {
    scanFields(context, args, 'set', undefined);
  },
};
