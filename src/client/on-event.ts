import { escapeGlob } from './escape-glob.js';
import { failureOf } from './request-error.js';
import { parseSessionEvent, type SessionEvent, type SessionEventName } from './session-event.js';

type PatternListener = (pattern: string, channel: string, message: string) => void;

/** What is used of a connection of ioredis that subscribes. */
export interface IoredisSubscriber {
  psubscribe(pattern: string): Promise<unknown>;
  punsubscribe(pattern: string): Promise<unknown>;
  on(event: 'pmessage', listener: PatternListener): unknown;
}

/** What is used of a connection of node-redis that subscribes. */
export interface NodeRedisSubscriber {
  readonly isOpen: boolean;
  connect(): Promise<unknown>;
  pSubscribe(pattern: string, listener: (message: string, channel: string) => void): Promise<unknown>;
  pUnsubscribe(pattern: string, listener: (message: string, channel: string) => void): Promise<unknown>;
}

/** A connection that subscribes. Over RESP2 it can do nothing else, so it should be one of its own. */
export type RedisSubscriber = IoredisSubscriber | NodeRedisSubscriber;

/** Whose events to hear: those of one name, or of all names that begin so. */
export type Names = { readonly name: string } | { readonly prefix: string };

/**
 * Listens to what becomes of sessions: subscribes to `__sessiondata__:<event>:<name>`, on which they tell their data a
 * last time. Resolves when it is listening, with what ends it.
 *
 *     await onEvent(redis.duplicate(), 'expired', ({ name, keys }) => remind(name, keys.cart));
 *
 * A client of node-redis that is not connected yet is connected. Like all pub/sub, events are lost while the connection is. ioredis and node-redis connect and subscribe again.
 * @throws RequestError if the subscription is refused.
 */
export async function onEvent(
  subscriber: RedisSubscriber,
  event: SessionEventName,
  listener: (event: SessionEvent) => void,
  names: Names = { prefix: '' },
): Promise<() => Promise<void>> {
  const which = 'name' in names ? escapeGlob(names.name) : `${escapeGlob(names.prefix)}*`;
  const pattern = `__sessiondata__:${event}:${which}`;
  const hear = (message: string) => listener(parseSessionEvent(message));
  try {
    return 'pSubscribe' in subscriber
      ? await throughNodeRedis(subscriber, pattern, hear)
      : await throughIoredis(subscriber, pattern, hear);
  } catch (error) {
    throw failureOf(error);
  }
}

type Hear = (message: string) => void;

async function throughNodeRedis(subscriber: NodeRedisSubscriber, pattern: string, hear: Hear) {
  // A duplicate of ioredis connects by itself.
  if (!subscriber.isOpen) await subscriber.connect();
  await subscriber.pSubscribe(pattern, hear);
  return async () => {
    await subscriber.pUnsubscribe(pattern, hear);
  };
}

/** Who hears what of each connection of ioredis: it tells all its messages to everybody. */
const hearers = new WeakMap<IoredisSubscriber, Map<string, Set<Hear>>>();

async function throughIoredis(subscriber: IoredisSubscriber, pattern: string, hear: Hear) {
  const ofSubscriber = hearersOf(subscriber);
  const ofPattern = ofSubscriber.get(pattern) ?? new Set();
  ofSubscriber.set(pattern, ofPattern.add(hear));
  const stop = async () => {
    if (!ofPattern.delete(hear) || ofPattern.size > 0) return;
    ofSubscriber.delete(pattern);
    await subscriber.punsubscribe(pattern);
  };
  try {
    await subscriber.psubscribe(pattern);
  } catch (error) {
    ofPattern.delete(hear);
    throw error;
  }
  return stop;
}

function hearersOf(subscriber: IoredisSubscriber): Map<string, Set<Hear>> {
  const known = hearers.get(subscriber);
  if (known !== undefined) return known;
  const ofSubscriber = new Map<string, Set<Hear>>();
  hearers.set(subscriber, ofSubscriber);
  subscriber.on('pmessage', (pattern, _channel, message) => {
    for (const hear of ofSubscriber.get(pattern) ?? []) hear(message);
  });
  return ofSubscriber;
}
