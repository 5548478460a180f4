import type { ChangeListener } from './change-listener.js';
import type { Session, SessionEvent } from './session.js';
import type { Clock } from './time/clock.js';

/** A listener for the events of sessions. */
export interface SessionListener {
  /**
   * Called for each event, in order. When a session ends or is cleared, its name, token and data (`SessionData.peek`)
   * can still be read from the engine. The listener must not change anything. What it throws goes to `onFault`; the
   * operation continues regardless.
   */
  onSession(event: SessionEvent, session: Session): void;
  /** Whether ending very many sessions should pause a little because listeners are behind. */
  isBehind?(): boolean;
}

export interface SessionEngineOptions {
  /** Default: the clocks of the process. */
  readonly clock?: Clock;
  /**
   * Returns the time of the current operation, in ms on the clock: at or after the moment at which it was requested. A
   * caller that knows the time already saves reading the clock. Default: the clock's `now`.
   */
  readonly instant?: () => number;
  /** The key from which the tokens of shared sessions are derived. Default: 32 random bytes. */
  readonly secret?: Uint8Array;
  /** Notified when sessions are created, end or are cleared, and when they get a new token or name. */
  readonly listener?: SessionListener;
  /** Called with what the listener throws. Default: emits a process warning. */
  readonly onFault?: (fault: unknown) => void;
  /** Notified of every change, to keep the sessions elsewhere as well. */
  readonly changes?: ChangeListener;
  /**
   * The maximum number of sessions that an operation ends completely before it returns. If it ends more, the events of
   * the others are published, and their memory is freed, afterwards in slices. Default 256.
   */
  readonly endsAtOnce?: number;
  /** The maximum length in bytes of a value that appending, or writing a part, may make. Default 64 MiB. */
  readonly maxValueBytes?: number;
}
