import { checkFunction, checkText, hasMethods, kindOf } from './argument-checks.js';
import { escapeGlob } from './escape-glob.js';
import { failureOf } from './request-error.js';
import { parseSessionEvent, SESSION_EVENT_NAMES, type SessionEvent, type SessionEventName } from './session-event.js';

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

/** Which events the listener gets, and what happens to errors; each may be left out. */
export interface EventOptions {
  /** Only events of sessions of this name. Not with `prefix`. */
  readonly name?: string;
  /** Only events of sessions whose names begin so. */
  readonly prefix?: string;
  /** Called with a message that is no session event, and its channel. Such messages are ignored if left out. */
  readonly onMalformed?: (message: string, channel: string) => void;
  /**
   * Called with what the listener (or the promise that it returns) or `onMalformed` throws. If left out, the error becomes an unhandled
   * rejection, which ends the process by default. Either way other listeners get the event, and the connection goes on.
   */
  readonly onError?: (error: unknown) => void;
}

/**
 * Listens to session events with data: subscribes to `__sessiondata__:<event>:<name>`, where each session's last data is published.
 * Resolves when it is subscribed, with a function that ends the subscription.
 *
 *     await onEvent(redis.duplicate(), 'expired', ({ name, keys }) => remind(name, keys?.cart));
 *
 * If a session has more data than the server's `event-data-max-bytes`, its event is `truncated`: it has `sizes`, the length of each value in bytes, instead of `keys`.
 *
 * A client of node-redis that is not connected yet is connected. As with all pub/sub, events are lost while the connection is down. ioredis and node-redis reconnect and subscribe again.
 * @throws RequestError if the subscription is refused, TypeError if an argument is not allowed.
 */
export async function onEvent(
  subscriber: RedisSubscriber,
  event: SessionEventName,
  listener: (event: SessionEvent) => void,
  options: EventOptions = {},
): Promise<() => Promise<void>> {
  checkSubscriber(subscriber);
  checkEvent(event);
  checkFunction('listener', listener);
  const pattern = `__sessiondata__:${event}:${namesOf(options)}`;
  const hear = hearing(listener, options);
  try {
    return 'pSubscribe' in subscriber
      ? await throughNodeRedis(subscriber, pattern, hear)
      : await throughIoredis(subscriber, pattern, hear);
  } catch (error) {
    throw failureOf(error);
  }
}

/** @throws TypeError unless it can subscribe. */
export function checkSubscriber(subscriber: unknown): void {
  if (hasMethods(subscriber, 'pSubscribe', 'pUnsubscribe') || hasMethods(subscriber, 'psubscribe', 'on')) return;
  throw new TypeError(`subscriber must be a client of ioredis or node-redis, not ${kindOf(subscriber)}`);
}

function checkEvent(event: SessionEventName): void {
  if (SESSION_EVENT_NAMES.includes(event)) return;
  throw new TypeError(`there is no event of that name with data; there are ${SESSION_EVENT_NAMES.join(', ')}`);
}

/** A glob pattern of the names that are asked for. */
function namesOf({ name, prefix = '' }: EventOptions): string {
  checkText('prefix', prefix);
  if (name === undefined) return `${escapeGlob(prefix)}*`;
  checkText('name', name);
  if (prefix !== '') throw new TypeError('name and prefix do not go together: give one of them');
  return escapeGlob(name);
}

type Hear = (message: string, channel: string) => void;

/** What takes a message. It never throws: the caller is the middle of a client library that reads from its socket. */
function hearing(listener: (event: SessionEvent) => unknown, { onMalformed, onError }: EventOptions): Hear {
  if (onMalformed !== undefined) checkFunction('onMalformed', onMalformed);
  if (onError !== undefined) checkFunction('onError', onError);
  return (message, channel) => {
    const event = parseSessionEvent(message);
    const run = async () => (event === undefined ? onMalformed?.(message, channel) : listener(event));
    if (onError === undefined) void run();
    else run().catch(onError);
  };
}

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
  subscriber.on('pmessage', (pattern, channel, message) => {
    for (const hear of ofSubscriber.get(pattern) ?? []) hear(message, channel);
  });
  return ofSubscriber;
}
