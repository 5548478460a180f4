/**
 * Typed sessions of a respite server, over the user's own ioredis or node-redis connection.
 *
 * `Sessions`, `Session`, `onEvent` and `consumeEvents` are for applications. The rest is for stores built on them, such as
 * `respite/express`: it sends requests and transactions, and converts replies, whatever the protocol and the library.
 */
export {
  type Bytes,
  type IoredisConnection,
  type NodeRedisConnection,
  type RedisConnection,
  type Request,
  request,
} from './connection.js';
export { type ConsumeOptions, consumeEvents } from './consume-events.js';
export { escapeGlob } from './escape-glob.js';
export { type Fields, flatten, type Value } from './fields.js';
export type { ListedSession } from './listed-session.js';
export {
  checkSubscriber,
  type EventOptions,
  type IoredisSubscriber,
  type NodeRedisSubscriber,
  onEvent,
  type RedisSubscriber,
} from './on-event.js';
export { arrayOf, booleanOf, integerOf, mapOf, textOf, textOrNullOf } from './replies.js';
export { failureOf, NoSessionError, RequestError } from './request-error.js';
export { Session } from './session.js';
export type {
  KeyEvent,
  SessionEvent,
  SessionEventName,
  TruncatedKeyEvent,
  TruncatedSessionEvent,
  WholeKeyEvent,
  WholeSessionEvent,
} from './session-event.js';
export type { SessionInfo } from './session-info.js';
export { type CreateOptions, newRequest, Sessions } from './sessions.js';
export type { StoredEvent } from './stored-event.js';
export {
  type IoredisTransactions,
  type NodeRedisTransactions,
  type TransactionClient,
  transaction,
} from './transaction.js';
