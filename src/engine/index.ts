/** The session engine by itself: no server, no socket, no protocol. */
export { Slice } from '../slice.js';
export { addressOfName, nameIn } from './address.js';
export type { ChangeListener } from './change-listener.js';
export { type Clock, systemClock } from './clock.js';
export type { EvictionPolicy } from './evictor.js';
export type { Encoding } from './field-store.js';
export type { Restoration } from './restoration.js';
export {
  type EngineStats,
  type Extend,
  extendOf,
  MAX_DURATION,
  MAX_NAME,
  MAX_OLD_TOKENS,
  MAX_SECONDS,
  MAX_VALUE,
  type NewSession,
  NO_SESSION,
  SESSION_EVENTS,
  type Session,
  type SessionEnd,
  type SessionEngineOptions,
  type SessionEvent,
  type SessionInfo,
  type SessionListener,
  type SessionState,
} from './session.js';
export { type SessionData, STRING_KEY } from './session-data.js';
export { SessionEngine } from './session-engine.js';
export { NO_SUCH_SESSION, SessionError, type SessionErrorCode, WRONG_TYPE } from './session-error.js';
export { Slices } from './slices.js';
export { isToken, newToken, TOKEN_LENGTH } from './token.js';
export type { UnseenSession } from './unseen-session.js';
