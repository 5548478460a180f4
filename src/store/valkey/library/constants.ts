import { type SessionEnd, TOKEN_LENGTH } from '../../../engine/index.js';

export { MAX_OLD_TOKENS } from '../../../engine/session.js';
export { MAX_EVENT_BYTES, MAX_EVENT_KEYS } from '../../../event-limits.js';
export { SHOWN_SIZES } from '../../session-store.js';

// What the functions in Lua and this process must agree on. `library.ts` makes each export a local variable of the
// library, with the same name and value. `functions/README.md` explains the words.

/** The version of the format in which the functions write. A store with another one is refused. */
export const STORE_FORMAT = 1;

/** The flags of a session. */
export const Flag = {
  /** Expiry removes the session, and not only its data. */
  DELETE: 1,
  EXTEND_GET: 2,
  EXTEND_SET: 4,
  /** Its token is derived from its name. */
  SHARED: 8,
  // The functions set the others by themselves.
  /** Its duration has started and not yet ended. */
  RUNNING: 16,
  /** Its token has changed, so the field TOKENS exists. */
  ROTATED: 32,
  MAXAGE: 64,
} as const;

/** Bytes in an origin. */
export const ORIGIN_LENGTH = TOKEN_LENGTH;
/** Bytes in the time of creation: unix µs in decimal. */
export const CREATED_LENGTH = 16;
/** Bytes in an id. */
export const ID_LENGTH = ORIGIN_LENGTH + CREATED_LENGTH;

/** What an address begins with if it is not a token: the address of a shared session, or an id. */
export const SHARED_MARK = '@';
export const ID_MARK = '=';
/** The same as bytes, because the library cannot compute them while it is being loaded. */
export const SHARED_BYTE = SHARED_MARK.charCodeAt(0);
export const ID_BYTE = ID_MARK.charCodeAt(0);

/** The events with which `end` may end a session. */
export const ENDS = { ended: true, limit: true } as const satisfies Partial<Record<SessionEnd, true>>;

/** How far ahead owners know what is due, in ms. A deadline that is set nearer than this is announced to them. */
export const HORIZON_MS = 5000;

/** How long after its entry was added to the index of its name a session may still be created, in ms. */
export const CREATION_MS = 10_000;

/** What `reap` replies about a session instead of the ms until it is due. */
export const Reaped = {
  /** It has expired, or its data or some of its keys have. */
  EXPIRED: -1,
  NOTHING: -2,
  /** It has expired, and its entry in the index of its name is still to be removed. */
  INDEXED: -3,
} as const;

/** What stands for the ms until a deadline if there is none. */
export const NO_DEADLINE = -1;
/** What `ttl` replies if there is no session. */
export const NO_SESSION_TTL = -2;

/** What `keyttl` replies if there is no such key. */
export const NO_KEY_TTL = -2;

/** What the data of an event begins with. */
export const EventData = { NONE: '-', ALL: 'D', SIZES: 'S' } as const;

// The names of the values in replies, in their order.

export const INFO = [
  'name',
  'keys',
  'flags',
  'duration',
  'maxAge',
  'timeLeft',
  'created',
  'bytes',
  'encoding',
] as const;

/** Of each session in the reply of `list`. */
export const LISTED = ['lastUsed', 'timeLeft', 'bytes', 'keys', 'sizes', 'values'] as const;

/** Fields of the hash that counts what has happened in a partition. */
export const COUNTERS = ['created', 'ended', 'expired', 'cleared', 'rotated', 'keysExpired'] as const;

/** What is estimated from a few sessions of a partition. */
export const ESTIMATES = ['keys', 'bytes', 'timedKeys', 'sessionsWithTimedKeys'] as const;

export const STATS = ['sessions', 'names', ...ESTIMATES, ...COUNTERS] as const;

/** Fields of the hash with the settings of the store. */
export const SETTINGS = ['format', 'partitions', 'secret'] as const;
