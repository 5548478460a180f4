import type { Slice } from '../slice.js';
import type { Encoding } from './fields/field-store.js';
import type { ShapeTotals } from './fields/shapes.js';
import type { Kind } from './kind.js';
import { NONE } from './tables/slot-table.js';

/**
 * A live session, as the engine's methods take and return it. It is valid until the caller returns to the event loop.
 * It is a slot number, so passing it around allocates nothing.
 */
export type Session = number & { readonly [sessionBrand]: true };
declare const sessionBrand: unique symbol;

/** What `find` returns if there is no session. */
export const NO_SESSION = NONE as Session;

/** Which commands restart a session's duration: those that read its data, those that write it, or both. */
export type Extend = 'none' | 'get' | 'set' | 'both';

const EXTENDS: readonly Extend[] = ['none', 'get', 'set', 'both'];

/** Returns the setting's name, given whether reads and whether writes restart the duration. */
export function extendOf(reads: boolean, writes: boolean): Extend {
  return EXTENDS[(reads ? 1 : 0) + (writes ? 2 : 0)];
}

/** The events of sessions, and what each one removes: nothing, a key, the data, or the session with its data. */
export const SESSION_EVENTS = {
  new: 'nothing',
  /** The session reached its deadline. */
  expired: 'session',
  /** The session reached its deadline, with deleteSession off. */
  cleared: 'data',
  /** A key of the session reached its own deadline. */
  keyexpired: 'key',
  /** A command ended the session. */
  ended: 'session',
  /** The session's name had more sessions than LIMIT allows. */
  limit: 'session',
  maxage: 'session',
  /** The session was ended to free memory. */
  evicted: 'session',
  /** Another session took its place (RENAME, COPY). */
  replaced: 'session',
  /** The session has a new token. */
  rotated: 'nothing',
  /** The session has a new name, and therefore a new token. */
  renamed: 'nothing',
} as const;

export type SessionEvent = keyof typeof SESSION_EVENTS;

/** The events that end a session. */
export type SessionEnd = {
  [Event in SessionEvent]: (typeof SESSION_EVENTS)[Event] extends 'session' ? Event : never;
}[SessionEvent];

/** The maximum length of a session's name, in bytes. */
export const MAX_NAME = 512;

/** The maximum length of any value, in bytes. `maxValueBytes` must not exceed it. */
export const MAX_VALUE = 2 ** 29;

/** The maximum number of old tokens that a session can have at a time: each takes memory. */
export const MAX_OLD_TOKENS = 16;

/** The longest duration, and the longest MAXAGE, that the SESSION commands accept, in seconds: 68 years. */
export const MAX_SECONDS = 2 ** 31 - 1;

/** The longest duration, in ms. A deadline that far ahead is still exact to the millisecond in a double. */
export const MAX_DURATION = 2 ** 52;

/** Settings of a new session. Each may be left out. Times are in ms, as everywhere in the engine. */
export interface NewSession {
  /** Milliseconds until the session expires, up to `MAX_DURATION`. 0, the default, means never. */
  readonly duration?: number | undefined;
  /** Whether expiry removes the session, or only its data. Default true. */
  readonly deleteSession?: boolean;
  /**
   * Whether to derive the token from the name. `tokenless`: do so only when a client asks for the token or presents it.
   * Default false.
   */
  readonly shared?: boolean | 'tokenless';
  /** Default `none`. */
  readonly extend?: Extend;
  /**
   * Milliseconds after which the session is ended, whatever else is set. A multiple of 1000, up to `MAX_SECONDS` s. 0,
   * the default, means never.
   */
  readonly maxAgeMs?: number;
  /** When the maximum age is reached, in ms on the engine's clock, if that is sooner than `maxAgeMs` from now. */
  readonly maxAgeEnd?: number;
  /**
   * How many sessions may have this name, including this one: 1 or more. The oldest beyond that are ended. Default: no
   * limit.
   */
  readonly limit?: number;
  /** A token to use instead of a random one: 22 characters of base64url. */
  readonly token?: Slice;
  /** The session's public id, if it does not follow from the token: the session was rotated before it was saved. */
  readonly id?: Slice | undefined;
  /** The first data: alternating keys and values. */
  readonly data?: readonly Slice[] | undefined;
  /**
   * Default `hash`, or `string` if `string` is set. The data must be what the kind requires: a string has one value,
   * under the empty key; members of a set have empty values; members of a sorted set have scores, as `scoreText` writes
   * them.
   */
  readonly kind?: Kind | undefined;
  /**
   * If set, the session is a string with this value, and `data` is ignored. It spares SET, the most frequent command,
   * an array.
   */
  readonly string?: Slice | undefined;
  /** A session whose data to copy. The new session is of the same kind; `data`, `kind` and `string` are ignored. */
  readonly copyOf?: Session | undefined;
}

/**
 * The state of a session besides token, name and data: what must be kept to restore it. Times are ms on the engine's
 * clock.
 */
export interface SessionState {
  readonly shared: boolean;
  readonly kind: Kind;
  readonly deleteSession: boolean;
  readonly extendGet: boolean;
  readonly extendSet: boolean;
  /** Milliseconds, 0 for none. */
  readonly duration: number;
  /** When the running duration ends. Infinity if none is running. */
  readonly deadline: number;
  /** Milliseconds, 0 for none. */
  readonly maxAgeMs: number;
  /** When MAXAGE ends the session. Infinity if there is none. */
  readonly maxAgeEnd: number;
  /** Unix ms, with up to three decimals that order sessions created within one millisecond. */
  readonly created: number;
}

export interface SessionInfo {
  readonly name: Buffer;
  readonly keys: number;
  readonly shared: boolean;
  readonly extend: Extend;
  /** Milliseconds, 0 for none. */
  readonly duration: number;
  readonly deleteSession: boolean;
  /** Milliseconds, 0 for none. */
  readonly maxAgeMs: number;
  /** Milliseconds until the deadline, Infinity if there is none. */
  readonly timeLeft: number;
  /** Unix ms. */
  readonly created: number;
  /** Bytes in the keys and values. */
  readonly bytes: number;
  readonly encoding: Encoding;
}

/** The memory that sessions take, by part, in bytes. */
export interface MemoryParts {
  /** Columns of sessions and old tokens, and their timers. */
  readonly slots: number;
  /** The index of tokens. */
  readonly tokens: number;
  /** Names, and the index of names. */
  readonly names: number;
  /** Keys and values. */
  readonly data: number;
  /** The arenas, whose used part is in `names` and `data`. The rest is fragmentation. */
  readonly arenas: { readonly used: number; readonly reserved: number };
  /** What it saves to keep the keys of sessions of one kind once. The memory of the shapes is in `data`. */
  readonly shapes: ShapeTotals;
}

export interface EngineStats {
  sessions: number;
  keys: number;
  /** Bytes in the keys and values of all sessions. */
  bytes: number;
  /** Names that have sessions. */
  names: number;
  created: number;
  /** Sessions ended by a command, by LIMIT or by MAXAGE, or replaced. */
  ended: number;
  /** Sessions removed at their deadline. */
  expired: number;
  /** Sessions cleared at their deadline. */
  cleared: number;
  /** Sessions ended to free memory. */
  evicted: number;
  /** How often a session got a new token. */
  rotated: number;
  /** Keys removed at their own deadlines. */
  keysExpired: number;
  /** Keys that have deadlines of their own, including those of sessions that have ended but are not removed yet. */
  timedKeys: number;
  /** Sessions that have such keys, likewise. */
  sessionsWithTimedKeys: number;
  /** How often a read, a write or TOUCH restarted a duration. */
  extended: number;
  /** The length of the wheel's tick. */
  tickMs: number;
  /** The number of wheel slots. */
  wheelSlots: number;
  /** Pending timers. */
  pending: number;
  /** How late, at most, 99 % of the expiries of the last five minutes were, in ms. */
  lateP99: number;
  /** Look-ups by token or shared name that found a session. */
  found: number;
  /** Look-ups that found none. */
  missed: number;
}
