import { wrongNumberOfArguments } from '../../errors.js';
import type { Command } from '../declaration/command.js';

export const ping: Command = {
  name: 'ping',
  summary: 'Returns PONG, or the given message.',
  complexity: 'O(1)',
  group: 'connection',
  flags: ['fast'],
  arity: -1,
  arguments: [{ name: 'message', type: 'string', optional: true }],
  reply: 'PONG, or the message; for a RESP2 client with subscriptions, an array of pong and the message',
  whileSubscribed: true,
  run({ reply, client }, args) {
    if (args.left > 1) throw wrongNumberOfArguments('ping');
    if (reply.protocol === 2 && client.subscriptions > 0) {
      reply.array(2);
      reply.bulk('pong');
      reply.bulk(args.left === 0 ? '' : args.bytes());
    } else if (args.left === 0) {
      reply.simple('PONG');
    } else {
      reply.bulk(args.bytes());
    }
  },
};
