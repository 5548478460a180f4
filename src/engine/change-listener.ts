import type { Slice } from '../slice.js';
import type { Session } from './session.js';

/**
 * A listener for every change to sessions, in the order of the changes: enough to restore the sessions. Each method is
 * called when the change is made, and can read the session's new state from the engine. It must not change anything,
 * and must not throw.
 */
export interface ChangeListener {
  /** The session was created, with its settings and first data. */
  onCreated(session: Session): void;
  onSet(session: Session, key: Slice, value: Slice): void;
  /**
   * A part of a value was written or appended.
   * @param offset Where the part starts, in bytes.
   * @param lengthBefore The length of the value before, in bytes.
   */
  onWritten(session: Session, key: Slice, offset: number, bytes: Slice, lengthBefore: number): void;
  onDeleted(session: Session, key: Slice): void;
  /** Every key was removed; the session stays. */
  onEmptied(session: Session): void;
  /** Its settings changed, or its duration was started or stopped other than by extending it. */
  onChanged(session: Session): void;
  /** Its running duration was restarted. */
  onExtended(session: Session): void;
  /**
   * It has a new token.
   * @param old Its previous token, which leads nowhere now unless it is among the session's old tokens.
   */
  onRotated(session: Session, old: Slice): void;
  /** It is about to be removed, for whatever reason. */
  onEnded(session: Session): void;
  /** All sessions have ended. No further method is called for any of them. */
  onEndedAll(): void;
}
