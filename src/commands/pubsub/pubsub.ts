import type { Context } from '../../execution/context/context.js';
import type { PubSub } from '../../execution/context/pub-sub.js';
import { forEachInSlices, inSlices } from '../../execution/in-slices.js';
import { globMatcher } from '../../glob.js';
import type { Command } from '../declaration/command.js';
import { container } from '../declaration/container.js';

/** PUBSUB CHANNELS and SHARDCHANNELS. */
function listing(name: string, summary: string, all: (pubsub: PubSub) => Iterable<string>): Command {
  return {
    name,
    summary,
    complexity: 'O(N), where N is the number of channels',
    group: 'pubsub',
    flags: ['pubsub', 'loading', 'stale'],
    arity: -2,
    arguments: [{ name: 'pattern', type: 'pattern', optional: true }],
    reply: 'array of channels',
    run(context, args) {
      const matches = globMatcher(args.left > 0 ? args.pattern() : '*');
      args.endOfSubcommand();
      return inSlices(context, findChannels(context, all(context.server.pubsub), matches));
    },
  };
}

function* findChannels(
  { reply }: Context,
  all: Iterable<string>,
  matches: (channel: string) => boolean,
): Generator<void> {
  // A channel that loses its last subscriber and gets a new one meanwhile is visited twice.
  const found = new Set<string>();
  yield* forEachInSlices(all, (channel) => {
    if (matches(channel)) found.add(channel);
  });
  reply.array(found.size);
  yield* forEachInSlices(found, (channel) => reply.latin1(channel));
}

/** PUBSUB NUMSUB and SHARDNUMSUB. */
function counting(
  name: string,
  summary: string,
  argument: string,
  count: (pubsub: PubSub, channel: string) => number,
): Command {
  return {
    name,
    summary,
    complexity: 'O(N), where N is the number of channels',
    group: 'pubsub',
    flags: ['pubsub', 'loading', 'stale'],
    arity: -2,
    arguments: [{ name: argument, type: 'string', optional: true, multiple: true }],
    reply: 'array of channels and numbers',
    run({ server, reply }, args) {
      reply.array(args.left * 2);
      while (args.left > 0) {
        const channel = args.bytes();
        reply.bulk(channel);
        reply.integer(count(server.pubsub, channel.toString('latin1')));
      }
    },
  };
}

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
  listing('channels', 'Returns the channels that have subscribers.', (pubsub) => pubsub.channels()),
  numpat,
  counting(
    'numsub',
    'Returns the number of subscribers of each channel, not counting patterns.',
    'channel',
    (pubsub, channel) => pubsub.subscribers(channel),
  ),
  listing('shardchannels', 'Returns the channels of SSUBSCRIBE that have subscribers.', (pubsub) =>
    pubsub.shardChannels(),
  ),
  counting(
    'shardnumsub',
    'Returns the number of subscribers of each channel of SSUBSCRIBE.',
    'shardchannel',
    (pubsub, channel) => pubsub.shardSubscribers(channel),
  ),
]);
