import type { Slice } from '../slice.js';
import type { Session } from './session.js';

/**
 * Is notified of every change to sessions, in order, with all that is needed to restore the sessions. A method is
 * called after its change, unless it says otherwise, and may read the session's new state from the engine. It must not
 * change anything, and must not throw.
 */
export interface ChangeListener {
  /** The session was created, with its settings and first data, or renamed (after `onEnded`). */
  onCreated(session: Session): void;
  /** The key was set. It has no deadline, unless `onKeyDeadline` follows. */
  onSet(session: Session, key: Slice, value: Slice): void;
  /**
   * A part of a value was written or appended.
   * @param offset Where the part starts, in bytes.
   * @param lengthBefore The length of the value before, in bytes.
   */
  onWritten(session: Session, key: Slice, offset: number, bytes: Slice, lengthBefore: number): void;
  /** The key has another deadline (ms on the engine's clock), or none: Infinity. */
  onKeyDeadline(session: Session, key: Slice, deadline: number): void;
  /** The key was removed: by a client, or at its deadline. */
  onDeleted(session: Session, key: Slice): void;
  /** Every key was removed; the session stays. */
  onEmptied(session: Session): void;
  /** The session's settings changed, or its duration was started or stopped. Extending it calls only `onExtended`. */
  onChanged(session: Session): void;
  /** The session's running duration was restarted. */
  onExtended(session: Session): void;
  /**
   * The session has a new token.
   * @param old The previous token, which no longer leads to the session unless it has a grace period.
   */
  onRotated(session: Session, old: Slice): void;
  /** The session is about to be removed, for whatever reason, or renamed (`onCreated` follows). */
  onEnded(session: Session): void;
  /** All sessions are about to end. No further method is called for any of them. */
  onEndedAll(): void;
}
