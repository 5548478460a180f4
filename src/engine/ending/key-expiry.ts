import { Slice } from '../../slice.js';
import type { EngineParts } from '../engine-parts.js';
import type { Listeners } from '../listeners.js';
import type { Session } from '../session.js';
import { Flag, NONE } from '../tables/slot-table.js';
import { BackgroundWork, DONE } from '../time/background-work.js';
import type { Clock } from '../time/clock.js';

/** How many keys of a session the wheel removes at once. A key counts once more for each KB of its value. */
const AT_ONCE = 64;
/** How many are removed at once when the session is looked up, is cleared or ends, which takes about a millisecond. */
const AT_ONCE_FOR_OTHERS = 256;
/** If the wheel removes more than this of one session, the clock is read before it goes on to the next. */
const FEW = 8;
/** How long removing very many keys pauses, in ms, before it checks again whether listeners are behind. */
const REST_MS = 5;

interface KeyExpiryParts extends Pick<EngineParts, 'slots' | 'fields' | 'deadlines' | 'keyDeadlines'> {
  readonly listeners: Listeners;
  /** Ends a session that has lost its last key. */
  end(session: Session): void;
  /** Removes the duration of a session. */
  persist(session: Session): void;
  /** Called when there are sessions of which keys are due that will be removed later, and when there are none. */
  onBehind(isBehind: boolean): void;
}

/**
 * Removes keys at their deadlines. The wheel does it soon after a deadline has passed. `settle` does it at the latest
 * when the session is looked up, so that nobody sees a key past its deadline.
 *
 * If very many keys of a session are due at once, they are removed in slices, and `UndueFields` hides those that are
 * left. If meanwhile the session ends or is cleared, those go with the rest of its data, without events of their own.
 *
 * A session that has lost its last key stays. Only a key of Redis, which exists as long as it has data, ends with it.
 */
export class KeyExpiry {
  readonly #parts: KeyExpiryParts;
  /** The session of which a key is being removed, or NONE. */
  #current = NONE;
  /** Sessions of which more keys are due than are removed at once. */
  readonly #behind = new Set<number>();
  /** Sessions that have lost their last key while they were in use. */
  readonly #emptied = new Set<number>();
  readonly #rest: BackgroundWork;
  #expired = 0;

  constructor(parts: KeyExpiryParts, clock: Clock) {
    this.#parts = parts;
    this.#rest = new BackgroundWork(clock, () => this.#removeSome());
  }

  /** The number of keys removed at their deadlines. */
  get expired(): number {
    return this.#expired;
  }

  /** Stops for good. */
  stop(): void {
    this.#rest.stop();
  }

  /** Removes the keys of a session that are due at the time of the operation. Returns whether the session still lives. */
  settle(slot: number): boolean {
    const { deadlines, keyDeadlines } = this.#parts;
    const { dueBy } = deadlines;
    return keyDeadlines.earliest(slot) > dueBy || this.#remove(slot, dueBy, AT_ONCE_FOR_OTHERS);
  }

  /**
   * Removes the keys of a session that were due by the time (ms) at which the session itself ends or is cleared.
   * Returns whether it still lives.
   */
  settleUntil(slot: number, time: number): boolean {
    return this.#remove(slot, time, AT_ONCE_FOR_OTHERS);
  }

  /** Processes the timer of a session of which keys may be due. Returns whether that took long. */
  atDeadline(slot: number): boolean {
    const before = this.#expired;
    this.#removeNow(slot);
    return this.#expired - before > FEW;
  }

  /** Returns how many keys of a session are due and have not been removed yet. */
  count(slot: number): number {
    const { deadlines, keyDeadlines } = this.#parts;
    return this.#isSettled(slot) ? 0 : keyDeadlines.countDue(slot, deadlines.dueBy);
  }

  /** Whether a key is due and has not been removed yet. */
  has(slot: number, key: Slice): boolean {
    const { deadlines, keyDeadlines } = this.#parts;
    return !this.#isSettled(slot) && keyDeadlines.deadline(slot, key) <= deadlines.dueBy;
  }

  /** Removes a key if it is due. The session stays, at least until the operation is over. */
  remove(slot: number, key: Slice): void {
    if (!this.has(slot, key)) return;
    const { fields, keyDeadlines, listeners } = this.#parts;
    const session = slot as Session;
    const own = Slice.of(key.copy());
    const outer = this.#current;
    this.#current = slot;
    try {
      this.#removeKey(session, own, keyDeadlines.deadline(slot, own));
      listeners.notifyKeysExpired(session);
    } finally {
      this.#current = outer;
    }
    if (fields.count(slot) === 0) this.#emptied.add(slot);
    this.#rest.schedule();
  }

  /** Whether nothing of a session is due, as of the current operation, or it is being removed just now. */
  #isSettled(slot: number): boolean {
    const { deadlines, keyDeadlines } = this.#parts;
    return keyDeadlines.earliest(slot) > deadlines.dueBy || slot === this.#current;
  }

  /** Removes keys of a session that are due by now. */
  #removeNow(slot: number): void {
    const { slots, deadlines } = this.#parts;
    // The keys of a doomed session go when it goes, those of an unseen one are looked at when it is revealed.
    if (!slots.isSession(slot)) return;
    const now = deadlines.begin();
    // The deadline of the session itself may have come first.
    if (deadlines.settle(slot)) this.#remove(slot, now, AT_ONCE);
  }

  /** Removes some keys of a session that has very many due. Is a step of `BackgroundWork`. */
  #removeSome(): number {
    const { slots, deadlines, listeners } = this.#parts;
    // What has been hidden stays hidden meanwhile.
    if (deadlines.isHeld) return REST_MS;
    for (const slot of this.#emptied) if (slots.isSession(slot)) this.#endIfEmpty(slot);
    this.#emptied.clear();
    if (listeners.isBehind) return REST_MS;
    const [slot] = this.#behind;
    if (slot !== undefined) {
      this.#behind.delete(slot);
      this.#removeNow(slot);
    }
    if (this.#behind.size > 0) return 0;
    this.#parts.onBehind(false);
    return DONE;
  }

  /**
   * Removes keys of a session that were due by a time (ms), those due first first.
   * @param most How many at most, where a key counts once more for each KB of its value.
   * @returns Whether the session still lives.
   */
  #remove(slot: number, time: number, most: number): boolean {
    // A listener may look the session up.
    if (slot === this.#current) return true;
    const { slots, fields, keyDeadlines, listeners } = this.#parts;
    const session = slot as Session;
    const outer = this.#current;
    const before = this.#expired;
    let first = keyDeadlines.first(slot);
    this.#current = slot;
    try {
      for (let left = most; first !== undefined && first.deadline <= time && left > 0; ) {
        left -= 1 + (fields.valueLength(slot, first.key) >>> 10);
        this.#removeKey(session, first.key, first.deadline);
        first = keyDeadlines.first(slot);
      }
      if (this.#expired > before) listeners.notifyKeysExpired(session);
    } finally {
      this.#current = outer;
    }
    if (slots.isDoomed(slot)) return true;
    if (first !== undefined && first.deadline <= time) this.#removeLater(slot, time);
    return this.#expired === before || !this.#endIfEmpty(slot);
  }

  /** Ends a session that has lost its last key, if it is a key of Redis. Returns whether it is. */
  #endIfEmpty(slot: number): boolean {
    const { slots, fields, end } = this.#parts;
    if (fields.count(slot) > 0 || (slots.flags(slot) & Flag.Tokenless) === 0) return false;
    end(slot as Session);
    return true;
  }

  /** Removes what else is due by a time (ms) later. */
  #removeLater(slot: number, time: number): void {
    const { slots, fields, keyDeadlines, persist } = this.#parts;
    const isKey = (slots.flags(slot) & Flag.Tokenless) !== 0;
    if (isKey && slots.duration(slot) > 0 && fields.count(slot) === keyDeadlines.countDue(slot, time)) {
      // A key of Redis without data does not exist: what is set in it now must not expire with what was there before.
      persist(slot as Session);
    }
    this.#behind.add(slot);
    this.#parts.onBehind(true);
    this.#rest.schedule();
  }

  #removeKey(session: Session, key: Slice, deadline: number): void {
    const { slots, fields, deadlines, keyDeadlines, listeners } = this.#parts;
    this.#expired++;
    deadlines.lateness.record(deadlines.now - deadline, deadlines.now);
    listeners.notify('keyexpired', session, key);
    fields.delete(session, key);
    // The end of a doomed session has been recorded already.
    if (!slots.isDoomed(session)) {
      slots.change(session);
      // The deadline is still there, so that listeners know that no client has removed the key.
      listeners.changes?.onDeleted(session, key);
    }
    keyDeadlines.delete(session, key);
  }
}
