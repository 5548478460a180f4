import type { Command } from '../command.js';
import { CommandError } from '../command-error.js';
import { isSessionChannel } from '../session-channels.js';

export const publish: Command = {
  name: 'publish',
  summary: 'Sends a message to who listens to a channel.',
  complexity: 'O(N + M) with N subscribers and M patterns that are subscribed to',
  group: 'pubsub',
  flags: ['pubsub', 'loading', 'stale', 'fast'],
  arguments: [
    { name: 'channel', type: 'string' },
    { name: 'message', type: 'string' },
  ],
  reply: 'how many got it',
  run({ server, reply }, args) {
    const channel = args.bytes().toString('latin1');
    if (isSessionChannel(channel)) {
      throw new CommandError('ERR channels that begin with "__session" are for the events of the server alone');
    }
    reply.integer(server.pubsub.publish(channel, args.bytes()));
  },
};
