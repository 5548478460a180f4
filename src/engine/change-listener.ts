import type { Slice } from '../slice.js';
import type { Session } from './session.js';

/**
 * Hears of every change to a session, in the order of the changes: who keeps them all can have the sessions again.
 * Called when the change is made, with everything the session now is to be had from the engine. Nothing may be changed
 * from here, and nothing thrown.
 */
export interface ChangeListener {
  /** It exists, with its settings and its first data. */
  onCreated(session: Session): void;
  onSet(session: Session, key: Slice, value: Slice): void;
  /** A part of a value was written, or appended. @param offset In bytes, of the part. @param lengthBefore Bytes that the value had. */
  onWritten(session: Session, key: Slice, offset: number, bytes: Slice, lengthBefore: number): void;
  onDeleted(session: Session, key: Slice): void;
  /** Every key is gone; the session stays. */
  onEmptied(session: Session): void;
  /** It has other settings, or its duration was started or stopped other than by extending it. */
  onChanged(session: Session): void;
  /** Its running duration was started again. */
  onExtended(session: Session): void;
  /** It has a new token. @param old The one it had, which leads nowhere now unless it is among the session's old tokens. */
  onRotated(session: Session, old: Slice): void;
  /** It is about to be gone, for whatever reason. */
  onEnded(session: Session): void;
  /** All sessions have ended. No more is called for any of them. */
  onEndedAll(): void;
}
