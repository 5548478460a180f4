/**
 * The session engine by itself: no server, no socket, no protocol. All times are in ms.
 *
 * A `Slice` that the engine returns, or passes to a visitor or a listener, is a view of the engine's memory, valid
 * until the next call. Copy what you want to keep (`copy()`, `toString()`). `token`, `name`, `nameText` and `info`
 * return copies. A `Session` is valid until the caller gives control back to the event loop. The server imports other
 * parts of the engine from their files.
 */
export { Slice } from '../slice.js';
export type { ChangeListener } from './change-listener.js';
export type { EvictionPolicy } from './ending/evictor.js';
export type { SessionEngineOptions, SessionListener } from './engine-options.js';
export type { Encoding } from './fields/field-store.js';
export type { Order } from './fields/order.js';
export { type SessionData, STRING_KEY } from './fields/session-data.js';
export type { ShapeTotals } from './fields/shapes.js';
export type { Kind } from './kind.js';
export { databaseOf, type KeyName, keyIn, keyNameIn } from './names/key-name.js';
export type { NameWalk, Place } from './names/name-walk.js';
export type { Restoration } from './restoring/restoration.js';
export type { UnseenSession } from './restoring/unseen-session.js';
export {
  type EngineStats,
  type Extend,
  extendOf,
  MAX_DURATION,
  MAX_NAME,
  MAX_OLD_TOKENS,
  MAX_SECONDS,
  MAX_VALUE,
  type MemoryParts,
  type NewSession,
  NO_SESSION,
  SESSION_EVENTS,
  type Session,
  type SessionEnd,
  type SessionEvent,
  type SessionInfo,
  type SessionState,
} from './session.js';
export { SessionEngine } from './session-engine.js';
export { NO_SUCH_SESSION, SessionError, type SessionErrorCode, WRONG_TYPE } from './session-error.js';
export { type Clock, systemClock } from './time/clock.js';
export { LATE_MS, Lateness, type LatenessSummary, RECENT_MS } from './time/lateness.js';
export type { TimerCounts } from './time/timing-wheel.js';
export { ID_LENGTH, isPublicId, PublicIdSet } from './tokens/public-ids.js';
export { isToken, newToken, TOKEN_LENGTH } from './tokens/token.js';
