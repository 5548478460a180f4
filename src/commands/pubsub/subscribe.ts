import { CodedError } from '../../errors.js';
import type { Context } from '../../execution/context/context.js';
import type { StoreControl } from '../../execution/context/store-control.js';
import { forEachInSlices, inSlices } from '../../execution/in-slices.js';
import type { ReplyEncoder } from '../../resp/reply-encoder.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Command } from '../declaration/command.js';
import { CHANNEL_TOO_LONG, MAX_CHANNEL } from './channel.js';

// SUBSCRIBE, UNSUBSCRIBE and the same for patterns.

/** The most subscriptions that a client may have. */
const MAX_SUBSCRIPTIONS = 100_000;

/** Subscriptions to add between two looks at the clock. A long pattern takes about 50 µs. */
const SUBSCRIPTIONS = 16;

type Kind = 'channel' | 'pattern';

function subscribing(name: string, kind: Kind): Command {
  return {
    name,
    summary: `Subscribes to ${kind === 'channel' ? 'channels' : 'all channels that match a pattern'}.`,
    complexity: 'O(N), where N is the number of arguments; if N is large, other commands run in between',
    group: 'pubsub',
    flags: ['pubsub', 'loading', 'stale', 'noscript'],
    arity: -2,
    arguments: [{ name: kind, type: kind === 'channel' ? 'string' : 'pattern', multiple: true }],
    reply: `a push for each ${kind}: ${name}, the ${kind}, the number of subscriptions`,
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
      const text = kind === 'pattern' ? args.pattern() : args.slice().latin1();
      if (text.length > MAX_CHANNEL) throw CHANNEL_TOO_LONG;
      if (client.subscriptions === MAX_SUBSCRIPTIONS) {
        throw new CodedError('ERR', `a client cannot have more than ${MAX_SUBSCRIPTIONS} subscriptions`);
      }
      if (kind === 'channel') server.pubsub.subscribe(client, text);
      else server.pubsub.subscribePattern(client, text);
      confirm(context, name, text);
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
    summary: `Unsubscribes from the given ${kind}s, or from all.`,
    complexity: 'O(N), where N is the number of arguments or, without any, of subscriptions',
    group: 'pubsub',
    flags: ['pubsub', 'loading', 'stale', 'noscript'],
    arity: -1,
    arguments: [{ name: kind, type: kind === 'channel' ? 'string' : 'pattern', optional: true, multiple: true }],
    reply: `a push for each ${kind}: ${name}, the ${kind} or null, the number of remaining subscriptions`,
    whileSubscribed: true,
    run(context, args) {
      return inSlices(context, unsubscribeAll(context, args));
    },
  };

  function* unsubscribeAll(context: Context, args: Arguments): Generator<void> {
    const { client, server } = context;
    const given = args.rest().map((argument) => argument.latin1());
    const all = [...(kind === 'channel' ? client.channels : client.patterns)];
    const texts = given.length > 0 ? given : all;
    yield* forEachInSlices(texts, (text) => {
      if (kind === 'channel') server.pubsub.unsubscribe(client, text);
      else server.pubsub.unsubscribePattern(client, text);
      confirm(context, name, text);
    });
    if (texts.length === 0) confirm(context, name, undefined);
  }
}

function confirm({ client, reply }: Context, name: string, text: string | undefined): void {
  const count = client.subscriptions;
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

export const subscribe = subscribing('subscribe', 'channel');
export const psubscribe = subscribing('psubscribe', 'pattern');
export const unsubscribe = unsubscribing('unsubscribe', 'channel');
export const punsubscribe = unsubscribing('punsubscribe', 'pattern');
