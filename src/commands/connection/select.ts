import type { Command } from '../command.js';
import { CommandError } from '../command-error.js';

export const select: Command = {
  name: 'select',
  summary: 'Accepts database 0, the only one.',
  complexity: 'O(1)',
  group: 'connection',
  flags: ['fast', 'loading', 'stale'],
  arguments: [{ name: 'index', type: 'integer' }],
  reply: 'OK',
  run({ reply }, args) {
    if (args.int64() !== 0n) throw new CommandError('ERR DB index is out of range');
    reply.ok();
  },
};
