/** Typed sessions of a respite server, over the user's own ioredis or node-redis connection. */
export type { Bytes, IoredisConnection, NodeRedisConnection, RedisConnection } from './connection.js';
export type { Fields, Value } from './fields.js';
export {
  type EventOptions,
  type IoredisSubscriber,
  type NodeRedisSubscriber,
  onEvent,
  type RedisSubscriber,
} from './on-event.js';
export { NoSessionError, RequestError } from './request-error.js';
export { Session } from './session.js';
export type { SessionEvent, SessionEventName, TruncatedSessionEvent, WholeSessionEvent } from './session-event.js';
export type { SessionInfo } from './session-info.js';
export { type CreateOptions, Sessions } from './sessions.js';
