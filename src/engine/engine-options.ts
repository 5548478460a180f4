import type { Slice } from '../slice.js';
import type { ChangeListener } from './change-listener.js';
import type { Session, SessionEvent } from './session.js';
import type { Clock } from './time/clock.js';

/** A listener for the events of sessions. */
export interface SessionListener {
  /**
   * Called for each event, in order. When a session ends or is cleared, its name, token and data (`SessionData.peek`)
   * can still be read from the engine. The listener must not change anything. What it throws goes to `onFault`; the
   * operation continues regardless.
   * @param key The key that has expired, for `keyexpired`. It can still be read, too.
   */
  onSession(event: SessionEvent, session: Session, key?: Slice): void;
  /**
   * Called after `keyexpired` events of a session, once for all keys that expired together, when they are gone. If the
   * session ends because it has lost its last key, that follows.
   */
  onKeysExpired?(session: Session): void;
  /** Whether the listener is behind with the events, so that ending very many sessions should pause for a moment. */
  isBehind?(): boolean;
}

/** What the engine does by itself. */
export type Cycle = 'expire-cycle' | 'eviction-cycle';

export interface SessionEngineOptions {
  /** Default: the clocks of the process. */
  readonly clock?: Clock;
  /**
   * Returns the time of the current operation, in ms on the clock: when the operation was requested, or later. Pass
   * this if you know the time already, to save reading the clock. Default: the clock's `now`.
   */
  readonly instant?: () => number;
  /** The secret with which the tokens of shared sessions are derived from their names. Default: 32 random bytes. */
  readonly secret?: Uint8Array;
  /** Notified when sessions are created, end or are cleared, and when they get a new token or name. */
  readonly listener?: SessionListener;
  /** Called with what the listener throws. Default: emits a process warning. */
  readonly onFault?: (fault: unknown) => void;
  /** Called after each slice of expiry or eviction with how long it took, in ms. */
  readonly onCycle?: (cycle: Cycle, ms: number) => void;
  /** Notified of every change, so that the sessions can be kept elsewhere too. */
  readonly changes?: ChangeListener;
  /**
   * The maximum number of sessions that an operation ends completely before it returns. For the rest, events are
   * published and memory is freed afterwards, in slices. Default 256.
   */
  readonly endsAtOnce?: number;
  /**
   * Whether listeners for changes are notified of each end together with its event. Then `endAll` does not notify them
   * of all ends at once, but of each one later, when the session is removed (`SessionEngine.finishingEnds`), and
   * `endsAtOnce` does not apply to other operations. Default false.
   */
  readonly recordsEachEnd?: boolean;
  /** The maximum length, in bytes, that appending or writing a part may give a value. Default 64 MiB. */
  readonly maxValueBytes?: number;
}
