import type { EngineStats, NewSession, SessionInfo } from '../engine/index.js';
import type { Slice } from '../slice.js';
import type { Answer } from './answer.js';

/**
 * The interface between SESSION commands and the place where sessions are kept. `memory/` keeps them in this process,
 * `valkey/` in a Valkey or Redis cluster.
 *
 * A `token` may also be `@name`, which stands for the shared session with that name. Arguments are valid until the
 * method returns, so a store that answers later must have copied or sent them by then. The arguments of `endMany`,
 * `endByIds`, `tokens` and `list` must stay valid until the answer.
 *
 * Times are in ms. Each operation happens at one time, which the store takes from its own clock. A session at or past
 * its deadline is gone for every operation.
 *
 * An operation on a session that does not exist throws a SessionError NOSESSION, unless it says otherwise. One that
 * answers later rejects with what it would throw. No error contains a token.
 */
export interface SessionStore extends SessionLife, SessionLooks, SessionFields {}

/** Creating sessions, changing their settings and ending them. */
export interface SessionLife {
  /**
   * Creates a session. Returns its token.
   * @throws SessionError SESSIONEXISTS, ERR, OOM and RangeError as `SessionEngine.create` does.
   */
  create(name: Slice, settings: Settings): Answer<Slice>;
  /** Returns the token of the shared session with the name. @throws SessionError NOTSHARED, NOSESSION. */
  open(name: Slice): Answer<Slice>;
  /** Ends a session. Returns whether it existed. */
  end(token: Slice): Answer<boolean>;
  /** Ends sessions. Returns how many existed. */
  endMany(tokens: readonly Slice[]): Answer<number>;
  /** Ends the sessions with a name. Returns how many there were. */
  endName(name: Slice): Answer<number>;
  /** Ends those sessions with a name that have one of the public ids. Returns how many there were. */
  endByIds(name: Slice, ids: readonly Slice[]): Answer<number>;
  /** Ends all sessions. Returns how many there were. */
  endAll(): Answer<number>;
  /**
   * Gives a session a new token, and returns it.
   * @param grace For how many ms the current token still leads to the session.
   * @throws SessionError ERR for a shared session.
   */
  rotate(token: Slice, grace: number): Answer<Slice>;
  /**
   * Gives a session a duration in ms, which starts now; 0 for none. Returns whether the session exists.
   * @param deleteSession Whether expiry removes the session or only its data. If undefined, this does not change.
   */
  setDuration(token: Slice, duration: number, deleteSession: boolean | undefined): Answer<boolean>;
  /** Restarts the durations of sessions that have one running. Returns how many. */
  touch(tokens: readonly Slice[]): Answer<number>;
}

/** The settings of a new session that a client can choose. */
export type Settings = Pick<
  NewSession,
  'duration' | 'deleteSession' | 'shared' | 'extend' | 'maxAgeMs' | 'limit' | 'token' | 'data'
>;

/** Operations on more sessions than this may take several steps. */
export const MANY_SESSIONS = 512;

/** Looking at sessions. This neither extends a session nor counts as use. */
export interface SessionLooks {
  /** Returns for each token whether the session exists. */
  has(tokens: readonly Slice[]): Answer<readonly boolean[]>;
  info(token: Slice): Answer<SessionInfo>;
  /** Returns the ms until the deadline, Infinity if none is pending, and undefined if the session does not exist. */
  timeLeft(token: Slice): Answer<number | undefined>;
  /** Returns the session's public id. */
  id(token: Slice): Answer<string>;
  /** Returns the tokens of the sessions with a name, oldest first, one after the other without separators. */
  tokens(name: Slice): Answer<Buffer>;
  /** Returns a page of the sessions with a name, oldest first. @throws CodedError if the cursor is invalid. */
  list(name: Slice, listing: Listing): Answer<SessionPage>;
  /** Visits some sessions, beginning at the cursor: 0, or what the previous call returned. */
  scan(range: ScanRange): Answer<ScanPage<{ readonly token: Buffer; readonly name: Buffer }>>;
  /** Visits some names that have sessions, beginning at the cursor: 0, or what the previous call returned. */
  scanNames(range: ScanRange): Answer<ScanPage<{ readonly name: Buffer; readonly sessions: number }>>;
  stats(): Answer<EngineStats>;
}

/** About how many keys of a session SESSION.LIST shows with their sizes. */
export const SHOWN_SIZES = 64;

/** Which sessions SESSION.LIST shows, and what of each. */
export interface Listing {
  /** Where the page starts: `0`, or the cursor of the previous page. */
  readonly cursor: Slice | undefined;
  /** The most sessions of the page. */
  readonly count: number;
  /** Whether to show the keys, with the length of each value. */
  readonly sizes: boolean;
  /** The keys whose values to show. */
  readonly keys: readonly Slice[];
}

export interface SessionPage {
  /** Where the next page starts. `0` if there is none. */
  readonly cursor: string;
  readonly sessions: readonly ListedSession[];
}

export interface ListedSession {
  readonly id: string;
  /** Unix ms. */
  readonly created: number;
  /** Unix ms, -1 if not known. */
  readonly lastUsed: number;
  /** Milliseconds until the deadline, Infinity if there is none. */
  readonly timeLeft: number;
  /** Bytes in the keys and values. */
  readonly bytes: number;
  /** The number of keys. */
  readonly keys: number;
  /** Some of the keys, with the length of each value in bytes. Undefined unless `Listing.sizes` is set. */
  readonly sizes: readonly { readonly key: Buffer; readonly length: number }[] | undefined;
  /** The value of each of `Listing.keys`, undefined where the session has none. Undefined if there are no such keys. */
  readonly values: readonly { readonly key: Buffer; readonly value: Buffer | undefined }[] | undefined;
}

export interface ScanRange {
  readonly cursor: number;
  /** About how many to visit. */
  readonly count: number;
  /** Whether to return a name, given with one character per byte. */
  readonly matches: (name: string) => boolean;
}

export interface ScanPage<Item> {
  /** The cursor for the next call, or 0 at the end. */
  readonly cursor: number;
  readonly items: readonly Item[];
}

/**
 * The keys and values of a session. Reads restart the duration of a session whose EXTEND is GET or BOTH, writes that of
 * one whose EXTEND is SET or BOTH.
 *
 * `isUse` says whether the operation counts as use of the session, for eviction and for `lastUsed`.
 */
export interface SessionFields {
  get(token: Slice, key: Slice, isUse: boolean): Answer<Slice | undefined>;
  /** Returns the value of each key. */
  getMany(token: Slice, keys: readonly Slice[], isUse: boolean): Answer<Values>;
  getAll(token: Slice, isUse: boolean): Answer<Fields>;
  /** Returns for each key whether the session has it. Does not extend the session. */
  contains(token: Slice, keys: readonly Slice[]): Answer<readonly boolean[]>;
  /** Returns the number of keys. Does not extend the session. */
  count(token: Slice): Answer<number>;
  /** Returns the keys. Does not extend the session. */
  keys(token: Slice): Answer<Keys>;
  /**
   * Returns for each key the ms until its own deadline, more than 0; Infinity if it has none, and undefined if there is
   * no such key. Does not extend the session.
   */
  keyTimesLeft(token: Slice, keys: readonly Slice[]): Answer<readonly (number | undefined)[]>;

  /**
   * Sets keys to values. They no longer have deadlines of their own; nor does any other method that sets a value leave a
   * key its deadline, except `append` and `increment`.
   * @param pairs Alternating keys and values.
   */
  set(token: Slice, pairs: readonly Slice[], isUse: boolean): Answer<void>;
  /**
   * Sets keys to values, and removes each key once `duration` has passed, unless it is set again before.
   * @param duration In ms, from 1 to 2^31 seconds.
   * @param pairs Alternating keys and values.
   */
  setFor(token: Slice, duration: number, pairs: readonly Slice[], isUse: boolean): Answer<void>;
  /** Removes the deadlines of keys, so that they last as long as the session. Returns how many keys had one. */
  persistKeys(token: Slice, keys: readonly Slice[], isUse: boolean): Answer<number>;
  /** Sets only the keys that the session does not have yet. Returns how many. */
  add(token: Slice, pairs: readonly Slice[], isUse: boolean): Answer<number>;
  /** Sets a key to a value if its current value is `expected`. Returns whether it was. */
  compareAndSet(token: Slice, key: Slice, expected: Slice, value: Slice, isUse: boolean): Answer<boolean>;
  /** Appends bytes to a value. A missing value starts empty. Returns the new length in bytes. */
  append(token: Slice, key: Slice, value: Slice, isUse: boolean): Answer<number>;
  /** Adds to an integer. A missing value counts as 0. Returns the sum. @throws SessionError ERR if it is no integer. */
  increment(token: Slice, key: Slice, increment: bigint, isUse: boolean): Answer<bigint>;
  /**
   * Changes a value, in one operation: nobody changes it between what `change` gets and what it returns.
   * @param change Gets the value, or undefined if there is none; it is valid until `change` returns. Returns the new
   *   value, or undefined to leave everything as it is, which is no write. May be called several times, because a store
   *   that answers later tries again if somebody else has changed the value. What it throws is thrown.
   * @throws CodedError TRYAGAIN if others keep changing the value.
   */
  update(
    token: Slice,
    key: Slice,
    change: (value: Slice | undefined) => Slice | undefined,
    isUse: boolean,
  ): Answer<void>;
  /** Removes keys. Returns how many existed. */
  delete(token: Slice, keys: readonly Slice[], isUse: boolean): Answer<number>;
  /** Removes every key. Returns how many there were. */
  clear(token: Slice, isUse: boolean): Answer<number>;
  /** Removes every key, then sets others, in one operation. Returns how many were removed. */
  replace(token: Slice, pairs: readonly Slice[], isUse: boolean): Answer<number>;
}

/** The values of several keys, in order. */
export interface Values {
  readonly length: number;
  forEach(visit: (value: Slice | undefined) => void): void;
}

/** Keys and their values. */
export interface Fields {
  /** The number of keys. */
  readonly size: number;
  forEach(visit: (key: Slice, value: Slice) => void): void;
}

/** Keys without their values. */
export interface Keys {
  readonly size: number;
  forEach(visit: (key: Slice) => void): void;
}
