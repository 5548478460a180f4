import type { Context } from '../../execution/context/context.js';
import { forEachInSlices, inSlices } from '../../execution/in-slices.js';
import { globMatcher } from '../../glob.js';
import type { Command } from '../declaration/command.js';
import { container } from '../declaration/container.js';

const channels: Command = {
  name: 'channels',
  summary: 'Returns the channels that have subscribers.',
  complexity: 'O(N), where N is the number of channels',
  group: 'pubsub',
  flags: ['pubsub', 'loading', 'stale'],
  arity: -2,
  arguments: [{ name: 'pattern', type: 'pattern', optional: true }],
  reply: 'array of channels',
  run(context, args) {
    const matches = globMatcher(args.left > 0 ? args.pattern() : '*');
    args.end();
    return inSlices(context, findChannels(context, matches));
  },
};

function* findChannels({ server, reply }: Context, matches: (channel: string) => boolean): Generator<void> {
  // A channel that loses its last subscriber and gets a new one meanwhile is visited twice.
  const found = new Set<string>();
  yield* forEachInSlices(server.pubsub.channels(), (channel) => {
    if (matches(channel)) found.add(channel);
  });
  reply.array(found.size);
  yield* forEachInSlices(found, (channel) => reply.latin1(channel));
}

const numsub: Command = {
  name: 'numsub',
  summary: 'Returns the number of subscribers of each channel, not counting patterns.',
  complexity: 'O(N), where N is the number of channels',
  group: 'pubsub',
  flags: ['pubsub', 'loading', 'stale'],
  arity: -2,
  arguments: [{ name: 'channel', type: 'string', optional: true, multiple: true }],
  reply: 'array of channels and numbers',
  run({ server, reply }, args) {
    reply.array(args.left * 2);
    while (args.left > 0) {
      const channel = args.bytes();
      reply.bulk(channel);
      reply.integer(server.pubsub.subscribers(channel.toString('latin1')));
    }
  },
};

const numpat: Command = {
  name: 'numpat',
  summary: 'Returns the number of patterns that have subscribers.',
  complexity: 'O(1)',
  group: 'pubsub',
  flags: ['pubsub', 'loading', 'stale'],
  arity: 2,
  arguments: [],
  reply: 'the number of patterns',
  run({ server, reply }) {
    reply.integer(server.pubsub.patternCount);
  },
};

export const pubsub = container('pubsub', 'pubsub', 'A container for commands about pub/sub.', [
  channels,
  numpat,
  numsub,
]);
