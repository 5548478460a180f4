import type { Command } from '../declaration/command.js';

export const echo: Command = {
  name: 'echo',
  summary: 'Returns the given message.',
  complexity: 'O(1)',
  group: 'connection',
  flags: ['fast', 'loading', 'stale'],
  arity: 2,
  arguments: [{ name: 'message', type: 'string' }],
  reply: 'the message',
  run({ reply }, args) {
    reply.bulk(args.bytes());
  },
};
