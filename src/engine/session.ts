import type { Slice } from '../slice.js';
import type { Encoding } from './fields/field-store.js';
import { NONE } from './tables/slot-table.js';

/**
 * A live session, as the engine's methods take and give it: good until the caller gives control back
 * to the event loop. It is a slot number, so that passing it about allocates nothing.
 */
export type Session = number & { readonly [sessionBrand]: true };
declare const sessionBrand: unique symbol;

/** What `find` gives where there is no session. */
export const NO_SESSION = NONE as Session;

/** Which commands start a session's duration again: those that read its data, those that write it, both. */
export type Extend = 'none' | 'get' | 'set' | 'both';

const EXTENDS: readonly Extend[] = ['none', 'get', 'set', 'both'];

/** Its name, for who has the two apart: whether reads do, and whether writes do. */
export function extendOf(reads: boolean, writes: boolean): Extend {
  return EXTENDS[(reads ? 1 : 0) + (writes ? 2 : 0)];
}

/** What happens to sessions, and what is gone then: nothing, the data, or the session with its data. */
export const SESSION_EVENTS = {
  new: 'nothing',
  /** The deadline came. */
  expired: 'session',
  /** The deadline came, and deleteSession was off. */
  cleared: 'data',
  /** By command. */
  ended: 'session',
  /** There were more of its name than LIMIT allows. */
  limit: 'session',
  maxage: 'session',
  /** To make room. */
  evicted: 'session',
  /** Another one came in its place: RENAME, COPY. */
  replaced: 'session',
  /** It has a new token. */
  rotated: 'nothing',
  /** It has a new name, and with it a new token. */
  renamed: 'nothing',
} as const;

export type SessionEvent = keyof typeof SESSION_EVENTS;

/** Those that are the end of a session. */
export type SessionEnd = {
  [Event in SessionEvent]: (typeof SESSION_EVENTS)[Event] extends 'session' ? Event : never;
}[SessionEvent];

/** The longest name of a session, in bytes. */
export const MAX_NAME = 512;

/** The longest value that there may be, in bytes: `maxValueBytes` may not allow longer ones. */
export const MAX_VALUE = 2 ** 29;

/** The most old tokens that a session may have at a time: each takes memory. */
export const MAX_OLD_TOKENS = 16;

/** The longest duration and the longest MAXAGE that a command of SESSION may give, in seconds: 68 years. */
export const MAX_SECONDS = 2 ** 31 - 1;

/** The longest duration, in ms: with it, an instant is still a number that a double holds exactly. */
export const MAX_DURATION = 2 ** 52;

/** Settings of a new session; each may be left out. */
export interface NewSession {
  /** Milliseconds until it expires, up to `MAX_DURATION`; 0, the default, for never. */
  readonly duration?: number | undefined;
  /** Whether expiry removes the session, or only its data. Default true. */
  readonly deleteSession?: boolean;
  /**
   * Derive the token from the name; `tokenless`: only when a client asks for it or presents it. Default false.
   */
  readonly shared?: boolean | 'tokenless';
  /** Default `none`. */
  readonly extend?: Extend;
  /** Seconds after which the session is ended whatever else is set, from 1; 0, the default, for never. */
  readonly maxAge?: number;
  /** How many sessions may have the name, this one included, from 1: the oldest are ended. */
  readonly limit?: number;
  /** A token of the caller's, instead of a random one: 22 characters of base64url. */
  readonly token?: Slice;
  /** Keys and values in turn. */
  readonly data?: readonly Slice[] | undefined;
  /** Makes it a string of this value, which has no keys: `data` does not count. Of one that was prepared the value does not count either. */
  readonly string?: Slice | undefined;
}

/** What a session is besides token, name and data: what must be kept to have it again. Instants are ms on the engine's clock. */
export interface SessionState {
  readonly shared: boolean;
  readonly isString: boolean;
  readonly deleteSession: boolean;
  readonly extendGet: boolean;
  readonly extendSet: boolean;
  /** Milliseconds, 0 for none. */
  readonly duration: number;
  /** When the duration that is running ends; Infinity if none is. */
  readonly deadline: number;
  /** Seconds, 0 for none. */
  readonly maxAge: number;
  /** When MAXAGE ends it; Infinity if there is none. */
  readonly maxAgeEnd: number;
  /** Unix ms, with a fraction of up to three digits that orders sessions created within one millisecond. */
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
  /** Seconds, 0 for none. */
  readonly maxAge: number;
  /** Milliseconds to the deadline, Infinity if there is none. */
  readonly timeLeft: number;
  /** Unix ms. */
  readonly created: number;
  /** Bytes in keys and values. */
  readonly bytes: number;
  readonly encoding: Encoding;
}

export interface EngineStats {
  sessions: number;
  keys: number;
  /** Bytes in the keys and values of all sessions. */
  bytes: number;
  /** Names that have a session. */
  names: number;
  created: number;
  /** Ended by command, by LIMIT or by MAXAGE, or replaced. */
  ended: number;
  /** Gone at their deadline. */
  expired: number;
  /** Emptied at their deadline. */
  cleared: number;
  /** Ended to make room. */
  evicted: number;
  /** How often a duration was started again by a read, a write or TOUCH. */
  extended: number;
  /** Length of the wheel's tick in ms. */
  tick: number;
  /** Wheel slots. */
  slots: number;
  /** Timers that are running. */
  pending: number;
  /** How late 99 % of all expiries were at most, in ms. */
  lateP99: number;
  /** Look-ups by token or shared name that found a session. */
  found: number;
  /** Look-ups that found none. */
  missed: number;
}
