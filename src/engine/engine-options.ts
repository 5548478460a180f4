import type { ChangeListener } from './change-listener.js';
import type { Session, SessionEvent } from './session.js';
import type { Clock } from './time/clock.js';

/** Hears what the engine has to say by itself. */
export interface SessionListener {
  /**
   * Called in the order of the acts. At the end of a session, and when it is cleared, its name, token
   * and data (`SessionData.peek`) can still be had from the engine; nothing may be changed from here.
   * What it throws goes to `onFault`; the operation is carried out anyway.
   */
  onSession(event: SessionEvent, session: Session): void;
  /** Whether ending very many sessions should pause a little, because listeners are behind. */
  isBehind?(): boolean;
}

export interface SessionEngineOptions {
  /** Default: the process' own. */
  readonly clock?: Clock;
  /**
   * The time of an operation, in ms on the clock, not before it was asked for. A caller that knows it anyway saves reading the
   * clock. Default: the clock's `now`.
   */
  readonly instant?: () => number;
  /** Key from which the tokens of shared sessions are derived. Default: 32 random bytes. */
  readonly secret?: Uint8Array;
  /** Notified when sessions begin and end. */
  readonly listener?: SessionListener;
  /** Called with what the listener throws. Default: a warning of the process. */
  readonly onFault?: (fault: unknown) => void;
  /** Notified of every change, to keep sessions elsewhere as well. */
  readonly changes?: ChangeListener;
  /** Up to this many sessions `endAll` ends before it returns; if there are more, it ends all of them in slices afterwards. Default 256. */
  readonly endsAtOnce?: number;
  /** The longest value that APPEND may make, in bytes. Default 64 MiB. */
  readonly maxValueBytes?: number;
}
