import type { Slice } from '../slice.js';
import type { Answer } from './answer.js';
import type { SessionStore } from './session-store.js';

/** A place where sessions are kept, and transactions on them. */
export interface Store {
  readonly sessions: SessionStore;
  /** Notes how a session is now. @param token A token or `@name`. The session need not exist. */
  watch(token: Slice): Answer<Watched>;
  /** Starts a transaction. @param watched What must not have changed. */
  begin(watched: readonly Watched[]): Transaction;
}

/** How a session was when its watch began. Only the store that made it knows what is in it. */
export type Watched = unknown;

/**
 * Operations on sessions that happen together or not at all. First all of them are asked for, then `commit` is called.
 *
 * A store that has to ask elsewhere runs nothing before `commit`, but copies the arguments at once. Its answers are
 * promises that are settled when `commit` has resolved to true, and never settled if it has not.
 */
export interface Transaction {
  /**
   * An operation that cannot be part of a transaction throws a CodedError ERR. One that fails does not stop the others.
   */
  readonly sessions: SessionStore;
  /**
   * Returns whether the operations, if any, have happened. If not, a watched session has changed.
   * @throws CodedError CROSSSLOT (rejects) if the sessions are not all in one partition of the store; nothing has
   *   happened.
   */
  commit(): Answer<boolean>;
}
