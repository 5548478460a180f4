import { checkFunction, checkText, hasMethods, kindOf } from '../argument-checks.js';
import { escapeGlob } from './escape-glob.js';
import { failureOf } from './request-error.js';
import {
  type EventOf,
  type KeyEventName,
  parseEvent,
  SESSION_EVENT_NAMES,
  type SessionEventName,
} from './session-event.js';

type EventName = SessionEventName | KeyEventName;

const EVENT_NAMES: readonly EventName[] = [...SESSION_EVENT_NAMES, 'keyexpired'];

type PatternListener = (pattern: string, channel: string, message: string) => void;

/** The part of a subscribing ioredis connection that is used here. */
export interface IoredisSubscriber {
  psubscribe(pattern: string): Promise<unknown>;
  punsubscribe(pattern: string): Promise<unknown>;
  on(event: 'pmessage', listener: PatternListener): unknown;
}

/** The part of a subscribing node-redis connection that is used here. */
export interface NodeRedisSubscriber {
  readonly isOpen: boolean;
  connect(): Promise<unknown>;
  pSubscribe(pattern: string, listener: (message: string, channel: string) => void): Promise<unknown>;
  pUnsubscribe(pattern: string, listener: (message: string, channel: string) => void): Promise<unknown>;
}

/** A connection for subscriptions. Over RESP2 it cannot run other commands, so use a separate connection. */
export type RedisSubscriber = IoredisSubscriber | NodeRedisSubscriber;

/** Which events the listener receives, and how errors are handled. All options are optional. */
export interface EventOptions {
  /** Only events of sessions with this name. Cannot be combined with `prefix`. */
  readonly name?: string;
  /** Only events of sessions whose names start with this text. */
  readonly prefix?: string;
  /** Called with each message that is not a session event, and its channel. By default such messages are ignored. */
  readonly onMalformed?: (message: string, channel: string) => void;
  /**
   * Called with any error that `onMalformed` or the listener throws, or that the listener's promise rejects with. By
   * default the error becomes an unhandled rejection, which ends the process unless the application handles it. In both
   * cases other listeners receive the event, and the connection stays usable.
   */
  readonly onError?: (error: unknown) => void;
}

/**
 * Listens to session events that carry data. It subscribes to `__sessiondata__:<event>:<name>`, where the server
 * publishes each session's last data. Resolves, once subscribed, with a function that ends the subscription.
 *
 *     await onEvent(redis.duplicate(), 'expired', ({ name, keys }) => remind(name, keys?.cart));
 *
 * If a session has more data than the server's `event-data-max-bytes`, its event is `truncated`: instead of `keys` it
 * has `sizes`, the length of each value in bytes.
 *
 * The event `keyexpired`, for keys with a duration of their own, has `key` and `value` instead, or `size` if the value is
 * too long.
 *
 * Connects a node-redis client that is not connected yet. As always with pub/sub, events are lost while the connection
 * is down. ioredis and node-redis reconnect and subscribe again.
 *
 * @throws RequestError if the server refuses the subscription, TypeError if an argument is invalid.
 */
export async function onEvent<Name extends EventName>(
  subscriber: RedisSubscriber,
  event: Name,
  listener: (event: EventOf<Name>) => void,
  options: EventOptions = {},
): Promise<() => Promise<void>> {
  checkSubscriber(subscriber);
  checkEvent(event);
  checkFunction('listener', listener);
  const pattern = `__sessiondata__:${event}:${namesOf(options)}`;
  const handle = handlerOf(event, listener, options);
  try {
    return 'pSubscribe' in subscriber
      ? await throughNodeRedis(subscriber, pattern, handle)
      : await throughIoredis(subscriber, pattern, handle);
  } catch (error) {
    throw failureOf(error);
  }
}

/** @throws TypeError if the client cannot subscribe. */
export function checkSubscriber(subscriber: unknown): void {
  if (hasMethods(subscriber, 'pSubscribe', 'pUnsubscribe') || hasMethods(subscriber, 'psubscribe', 'on')) return;
  throw new TypeError(`subscriber must be a client of ioredis or node-redis, not ${kindOf(subscriber)}`);
}

function checkEvent(event: EventName): void {
  if (EVENT_NAMES.includes(event)) return;
  throw new TypeError(`unknown event: the events with data are ${EVENT_NAMES.join(', ')}`);
}

/** Returns a glob pattern for the names that the options select. */
function namesOf({ name, prefix = '' }: EventOptions): string {
  checkText('prefix', prefix);
  if (name === undefined) return `${escapeGlob(prefix)}*`;
  checkText('name', name);
  if (prefix !== '') throw new TypeError('name and prefix cannot be combined: give one of them');
  return escapeGlob(name);
}

type Handler = (message: string, channel: string) => void;

/**
 * Returns the handler of messages. It never throws, because the client library calls it while it reads from its socket.
 */
function handlerOf<Name extends EventName>(
  name: Name,
  listener: (event: EventOf<Name>) => unknown,
  { onMalformed, onError }: EventOptions,
): Handler {
  if (onMalformed !== undefined) checkFunction('onMalformed', onMalformed);
  if (onError !== undefined) checkFunction('onError', onError);
  return (message, channel) => {
    const event = parseEvent(name, message);
    const run = async () => (event === undefined ? onMalformed?.(message, channel) : listener(event));
    if (onError === undefined) void run();
    else run().catch(onError);
  };
}

async function throughNodeRedis(subscriber: NodeRedisSubscriber, pattern: string, handle: Handler) {
  // A duplicate of an ioredis client connects by itself.
  if (!subscriber.isOpen) await subscriber.connect();
  await subscriber.pSubscribe(pattern, handle);
  return async () => {
    await subscriber.pUnsubscribe(pattern, handle);
  };
}

/**
 * The handlers of each ioredis connection by pattern. An ioredis connection passes every message to every listener.
 */
const handlers = new WeakMap<IoredisSubscriber, Map<string, Set<Handler>>>();

async function throughIoredis(subscriber: IoredisSubscriber, pattern: string, handle: Handler) {
  const ofSubscriber = handlersOf(subscriber);
  const ofPattern = ofSubscriber.get(pattern) ?? new Set();
  ofSubscriber.set(pattern, ofPattern.add(handle));
  const stop = async () => {
    if (!ofPattern.delete(handle) || ofPattern.size > 0) return;
    ofSubscriber.delete(pattern);
    await subscriber.punsubscribe(pattern);
  };
  try {
    await subscriber.psubscribe(pattern);
  } catch (error) {
    ofPattern.delete(handle);
    throw error;
  }
  return stop;
}

function handlersOf(subscriber: IoredisSubscriber): Map<string, Set<Handler>> {
  const known = handlers.get(subscriber);
  if (known !== undefined) return known;
  const ofSubscriber = new Map<string, Set<Handler>>();
  handlers.set(subscriber, ofSubscriber);
  subscriber.on('pmessage', (pattern, channel, message) => {
    for (const handle of ofSubscriber.get(pattern) ?? []) handle(message, channel);
  });
  return ofSubscriber;
}
