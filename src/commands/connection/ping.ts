import type { Command } from '../command.js';
import { wrongNumberOfArguments } from '../command-error.js';

export const ping: Command = {
  name: 'ping',
  summary: 'Returns the message, or PONG.',
  complexity: 'O(1)',
  group: 'connection',
  flags: ['fast', 'loading', 'stale'],
  arguments: [{ name: 'message', type: 'string', optional: true }],
  reply: 'PONG or the message',
  run({ reply }, args) {
    if (args.left > 1) throw wrongNumberOfArguments('ping');
    if (args.left === 0) reply.simple('PONG');
    else reply.bulk(args.bytes());
  },
};
