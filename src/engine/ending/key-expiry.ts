import type { Slice } from '../../slice.js';
import type { EngineParts } from '../engine-parts.js';
import type { Listeners } from '../listeners.js';
import type { Session } from '../session.js';
import { Flag, NONE } from '../tables/slot-table.js';
import { BackgroundWork, DONE } from '../time/background-work.js';
import type { Clock } from '../time/clock.js';

/** How many keys the wheel removes before the clock is read. A key counts once more for each KB of its value. */
const AT_ONCE = 64;
/** If the wheel removes more than this of one session, the clock is read before it goes on to the next. */
const FEW = 8;
/** How long removing very many keys pauses, in ms, before it checks again whether listeners are behind. */
const REST_MS = 5;

interface KeyExpiryParts extends Pick<EngineParts, 'slots' | 'fields' | 'deadlines' | 'keyDeadlines'> {
  readonly listeners: Listeners;
  /** Ends a session that has lost its last key. */
  end(session: Session): void;
}

/**
 * Removes keys at their deadlines. The wheel does it soon after a deadline has passed. `settle` does it at the latest
 * when the session is looked up, so that nobody sees a key past its deadline.
 *
 * A session that has lost its last key stays. Only a key of Redis, which exists as long as it has data, ends with it.
 */
export class KeyExpiry {
  readonly #parts: KeyExpiryParts;
  /** The session of which a key is being removed, or NONE. */
  #current = NONE;
  /** Sessions of which more keys are due than the wheel removes at once. */
  readonly #behind = new Set<number>();
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
    const { now } = deadlines;
    return keyDeadlines.earliest(slot) > now || keyDeadlines.isHeld || this.#remove(slot, now, Infinity);
  }

  /**
   * Removes the keys of a session that were due by the time (ms) at which the session itself ends or is cleared.
   * Returns whether it still lives.
   */
  settleUntil(slot: number, time: number): boolean {
    return this.#remove(slot, time, Infinity);
  }

  /** Processes the timer of a session of which keys may be due. Returns whether that took long. */
  atDeadline(slot: number): boolean {
    const { slots, deadlines, keyDeadlines } = this.#parts;
    // The keys of a doomed session go when it goes, those of an unseen one are looked at when it is revealed.
    if (!slots.isSession(slot)) return false;
    const now = deadlines.begin();
    const before = this.#expired;
    if (this.#remove(slot, now, AT_ONCE) && keyDeadlines.earliest(slot) <= now) {
      this.#behind.add(slot);
      this.#rest.schedule();
    }
    return this.#expired - before > FEW;
  }

  /** Removes some keys of a session that has very many due. Is a step of `BackgroundWork`. */
  #removeSome(): number {
    const { slots, deadlines, keyDeadlines, listeners } = this.#parts;
    // `release` makes the wheel process it again.
    if (keyDeadlines.isHeld) this.#behind.clear();
    if (listeners.isBehind) return REST_MS;
    for (const slot of this.#behind) {
      const now = deadlines.begin();
      const isMore = slots.isSession(slot) && this.#remove(slot, now, AT_ONCE) && keyDeadlines.earliest(slot) <= now;
      if (!isMore) this.#behind.delete(slot);
      break;
    }
    return this.#behind.size > 0 ? 0 : DONE;
  }

  /**
   * Removes keys of a session that were due by a time (ms), those due first first.
   * @param most How many at most, where a key counts once more for each KB of its value.
   * @returns Whether the session still lives.
   */
  #remove(slot: number, time: number, most: number): boolean {
    // A listener may look the session up.
    if (slot === this.#current) return true;
    const { slots, fields, keyDeadlines, listeners, end } = this.#parts;
    const session = slot as Session;
    const outer = this.#current;
    const before = this.#expired;
    this.#current = slot;
    try {
      for (let left = most; left > 0; ) {
        const first = keyDeadlines.first(slot);
        if (first === undefined || first.deadline > time) break;
        left -= 1 + (fields.valueLength(slot, first.key) >>> 10);
        this.#removeKey(session, first.key, first.deadline);
      }
      if (this.#expired > before) listeners.notifyKeysExpired(session);
    } finally {
      this.#current = outer;
    }
    if (fields.count(slot) > 0 || (slots.flags(slot) & Flag.Tokenless) === 0 || slots.isDoomed(slot)) return true;
    end(session);
    return false;
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
