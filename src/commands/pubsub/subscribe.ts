import { CodedError } from '../../errors.js';
import type { Context } from '../../execution/context/context.js';
import type { PubSub, Subscriber } from '../../execution/context/pub-sub.js';
import type { StoreControl } from '../../execution/context/store-control.js';
import { forEachInSlices, inSlices } from '../../execution/in-slices.js';
import type { ReplyEncoder } from '../../resp/reply-encoder.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Command } from '../declaration/command.js';
import { CHANNEL_TOO_LONG, MAX_CHANNEL } from './channel.js';

// SUBSCRIBE, UNSUBSCRIBE and the same for patterns and shard channels.

/** The most subscriptions that a client may have. */
const MAX_SUBSCRIPTIONS = 100_000;

/** Subscriptions to add between two looks at the clock. A long pattern takes about 50 µs. */
const SUBSCRIPTIONS = 16;

/** What a client can subscribe to. */
interface Kind {
  /** What the argument is called. */
  readonly name: string;
  readonly type: 'string' | 'pattern';
  readonly what: string;
  /** The client's subscriptions of this kind. */
  of(client: Subscriber): ReadonlySet<string>;
  /** How many subscriptions a confirmation counts. */
  count(client: Subscriber): number;
  add(pubsub: PubSub, client: Subscriber, text: string): void;
  remove(pubsub: PubSub, client: Subscriber, text: string): void;
}

const CHANNELS_AND_PATTERNS = ({ channels, patterns }: Subscriber): number => channels.size + patterns.size;

const CHANNEL: Kind = {
  name: 'channel',
  type: 'string',
  what: 'channels',
  of: ({ channels }) => channels,
  count: CHANNELS_AND_PATTERNS,
  add: (pubsub, client, text) => pubsub.subscribe(client, text),
  remove: (pubsub, client, text) => pubsub.unsubscribe(client, text),
};

const PATTERN: Kind = {
  name: 'pattern',
  type: 'pattern',
  what: 'all channels that match a pattern',
  of: ({ patterns }) => patterns,
  count: CHANNELS_AND_PATTERNS,
  add: (pubsub, client, text) => pubsub.subscribePattern(client, text),
  remove: (pubsub, client, text) => pubsub.unsubscribePattern(client, text),
};

const SHARD_CHANNEL: Kind = {
  name: 'shardchannel',
  type: 'string',
  what: 'channels of SPUBLISH',
  of: ({ shardChannels }) => shardChannels,
  count: ({ shardChannels }) => shardChannels.size,
  add: (pubsub, client, text) => pubsub.subscribeShard(client, text),
  remove: (pubsub, client, text) => pubsub.unsubscribeShard(client, text),
};

function subscribing(name: string, kind: Kind): Command {
  return {
    name,
    summary: `Subscribes to ${kind.what}.`,
    complexity: 'O(N), where N is the number of arguments; if N is large, other commands run in between',
    group: 'pubsub',
    flags: ['pubsub', 'loading', 'stale', 'noscript'],
    arity: -2,
    arguments: [{ name: kind.name, type: kind.type, multiple: true }],
    reply: `a push for each ${kind.name}: ${name}, the ${kind.name}, the number of subscriptions`,
    whileSubscribed: true,
    run(context, args) {
      const { store } = context.server;
      if (store === undefined) return inSlices(context, subscribeAll(context, args));
      args.own();
      return subscribeWhenHeld(store, () => inSlices(context, subscribeAll(context, args)));
    },
  };

  function* subscribeAll(context: Context, args: Arguments): Generator<void> {
    const { client, server } = context;
    // A client must not receive a message on a channel before the channel's confirmation.
    client.holdMessages();
    let count = 0;
    while (args.left > 0) {
      const text = kind.type === 'pattern' ? args.pattern() : args.slice().latin1();
      if (text.length > MAX_CHANNEL) throw CHANNEL_TOO_LONG;
      if (client.subscriptions === MAX_SUBSCRIPTIONS) {
        throw new CodedError('ERR', `a client cannot have more than ${MAX_SUBSCRIPTIONS} subscriptions`);
      }
      kind.add(server.pubsub, client, text);
      confirm(context, kind, name, text);
      if (++count % SUBSCRIPTIONS === 0) {
        yield;
        // Its subscriptions have been removed, and would not be removed again.
        if (client.gone) return;
      }
    }
  }
}

/** Subscribes once the store sends this process its events, so that a confirmed subscription misses none. */
async function subscribeWhenHeld(store: StoreControl, subscribeNow: () => void | Promise<void>): Promise<void> {
  const release = await store.holdEvents();
  try {
    await subscribeNow();
  } finally {
    release();
  }
}

function unsubscribing(name: string, kind: Kind): Command {
  return {
    name,
    summary: `Unsubscribes from the given ${kind.name}s, or from all.`,
    complexity: 'O(N), where N is the number of arguments or, without any, of subscriptions',
    group: 'pubsub',
    flags: ['pubsub', 'loading', 'stale', 'noscript'],
    arity: -1,
    arguments: [{ name: kind.name, type: kind.type, optional: true, multiple: true }],
    reply: `a push for each ${kind.name}: ${name}, the ${kind.name} or null, the number of remaining subscriptions`,
    whileSubscribed: true,
    run(context, args) {
      return inSlices(context, unsubscribeAll(context, args));
    },
  };

  function* unsubscribeAll(context: Context, args: Arguments): Generator<void> {
    const { client, server } = context;
    const given = args.rest().map((argument) => argument.latin1());
    const all = [...kind.of(client)];
    const texts = given.length > 0 ? given : all;
    yield* forEachInSlices(texts, (text) => {
      kind.remove(server.pubsub, client, text);
      confirm(context, kind, name, text);
    });
    if (texts.length === 0) confirm(context, kind, name, undefined);
  }
}

function confirm({ client, reply }: Context, kind: Kind, name: string, text: string | undefined): void {
  const count = kind.count(client);
  // A confirmation is a push, as in Redis: CLIENT REPLY OFF and SKIP do not suppress it.
  if (client.replyMode !== 'off' && client.replyMode !== 'skip') writeConfirmation(reply, name, text, count);
  else client.push((messages) => writeConfirmation(messages, name, text, count));
}

function writeConfirmation(to: ReplyEncoder, name: string, text: string | undefined, count: number): void {
  to.push(3);
  to.bulk(name);
  if (text === undefined) to.null();
  else to.latin1(text);
  to.integer(count);
}

export const subscribe = subscribing('subscribe', CHANNEL);
export const psubscribe = subscribing('psubscribe', PATTERN);
export const ssubscribe = subscribing('ssubscribe', SHARD_CHANNEL);
export const unsubscribe = unsubscribing('unsubscribe', CHANNEL);
export const punsubscribe = unsubscribing('punsubscribe', PATTERN);
export const sunsubscribe = unsubscribing('sunsubscribe', SHARD_CHANNEL);
