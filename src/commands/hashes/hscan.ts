import type { Command } from '../declaration/command.js';
import { SCAN_ARGUMENTS, scanFields } from '../keys/scan-fields.js';

export const hscan: Command = {
  name: 'hscan',
  summary:
    'Iterates over the fields of a hash. A small hash (up to 64 fields) is returned by the first call, whatever COUNT says.',
  complexity: 'O(COUNT) for each call, O(N) for a complete iteration, where N is the number of fields',
  group: 'hash',
  flags: ['readonly'],
  arity: -3,
  arguments: SCAN_ARGUMENTS,
  reply: '[next cursor, [field, value, …]]; the cursor is 0 at the end',
  run(context, args) {
    scanFields(context, args, 'hash', (value) => value.copy());
  },
};
