import { CodedError } from '../../errors.js';
import type { Context } from '../../execution/context/context.js';
import { inSlices } from '../../execution/in-slices.js';
import type { Command } from '../declaration/command.js';
import { CHANNEL_TOO_LONG, MAX_CHANNEL } from './channel.js';
import { isSessionChannel } from './session-channels.js';

/** PUBLISH, and SPUBLISH for the subscribers of SSUBSCRIBE. */
function publishing(name: string, toShard: boolean): Command {
  return {
    name,
    summary: toShard
      ? 'Sends a message to the subscribers of a channel of SSUBSCRIBE.'
      : 'Sends a message to the subscribers of a channel.',
    complexity:
      'O(N + M), where N is the number of subscribers and M the number of patterns with the same prefix as the channel',
    group: 'pubsub',
    flags: ['pubsub', 'loading', 'stale', 'fast'],
    arity: 3,
    arguments: [
      { name: 'channel', type: 'string' },
      { name: 'message', type: 'string' },
    ],
    countsAsWrite: true,
    reply: 'the number of subscriptions that received the message',
    run(context, args) {
      const channel = args.slice().latin1();
      if (channel.length > MAX_CHANNEL) throw CHANNEL_TOO_LONG;
      if (isSessionChannel(channel)) {
        throw new CodedError(
          'ERR',
          'channels whose names start with "__session" are reserved for the events of the server',
        );
      }
      return publishInTurn(context, channel, args.bytes(), toShard);
    },
  };
}

export const publish = publishing('publish', false);
export const spublish = publishing('spublish', true);

/**
 * Subscribers receive messages in the order of publication, so a message waits while an earlier one is still being
 * sent.
 */
function publishInTurn(context: Context, channel: string, message: Buffer, toShard: boolean): void | Promise<void> {
  const { pubsub } = context.server;
  if (pubsub.underWay !== undefined && !context.client.transaction.executing) {
    const kept = Buffer.from(message);
    return pubsub.underWay.then(() => publishInTurn(context, channel, kept, toShard));
  }
  const published = toShard ? pubsub.publishingShard(channel, message) : pubsub.publishing(channel, message);
  if (typeof published === 'number') {
    context.reply.integer(published);
    return;
  }
  const running = inSlices(context, publishIn(context, published));
  if (running === undefined) return;
  const over = () => {
    pubsub.underWay = undefined;
  };
  pubsub.underWay = running.then(over, over);
  return running;
}

function* publishIn({ reply }: Context, steps: Generator<void, number>): Generator<void> {
  reply.integer(yield* steps);
}
