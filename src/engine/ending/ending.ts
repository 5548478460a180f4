import type { EngineParts } from '../engine-parts.js';
import { KIND_FLAGS } from '../kind.js';
import type { Listeners } from '../listeners.js';
import type { Session, SessionEnd } from '../session.js';
import { Flag } from '../tables/slot-table.js';
import type { Trimming } from '../trimming.js';
import { BYTES_AT_ONCE, type Doomed, type Totals } from './doomed.js';
import type { KeyExpiry } from './key-expiry.js';

const NOTHING: Totals = { sessions: 0, keys: 0, bytes: 0, timers: 0 };

interface EndingParts extends Omit<EngineParts, 'ids'> {
  readonly doomed: Doomed;
  readonly keyExpiry: KeyExpiry;
  readonly listeners: Listeners;
  readonly trimming: Trimming;
}

/**
 * Ends and clears sessions: on request, at their deadlines, and among very many. Counts how each ended.
 *
 * A session that ends among very many is *doomed* first: it has ended for every caller, and is removed later. Its end
 * is counted when it is doomed, and published when it is removed. It is recorded when it is doomed or, with
 * `recordsEachEnd`, when it is published.
 */
export class Ending {
  readonly #parts: EndingParts;
  readonly #atOnce: number;
  readonly #recordsEachEnd: boolean;
  #ended = 0;
  #expired = 0;
  #cleared = 0;
  #evicted = 0;

  /**
   * @param atOnce How many sessions `endingMany` ends at once.
   * @param recordsEachEnd See `SessionEngineOptions`.
   */
  constructor(parts: EndingParts, atOnce: number, recordsEachEnd: boolean) {
    this.#parts = parts;
    this.#atOnce = recordsEachEnd ? Infinity : atOnce;
    this.#recordsEachEnd = recordsEachEnd;
  }

  /** The number of sessions ended by a command, by LIMIT or by MAXAGE, or replaced. */
  get ended(): number {
    return this.#ended;
  }

  /** The number of sessions removed at their deadline. */
  get expired(): number {
    return this.#expired;
  }

  /** The number of sessions cleared at their deadline. */
  get cleared(): number {
    return this.#cleared;
  }

  /** The number of sessions ended to free memory. */
  get evicted(): number {
    return this.#evicted;
  }

  /** Ends a session. When this returns, the session and its data are gone. */
  end(session: Session, event: SessionEnd): void {
    if (event === 'expired') this.#expired++;
    else if (event === 'evicted') this.#evicted++;
    else this.#ended++;
    this.#parts.listeners.changes?.onEnded(session);
    this.#remove(session, event);
  }

  /** See `SessionEngine.endingMany`. */
  endingMany(event: 'ended' | 'limit'): (session: Session) => void {
    let left = this.#atOnce;
    let bytes = this.#recordsEachEnd ? Infinity : BYTES_AT_ONCE;
    return (session) => {
      if (left <= 0 || bytes <= 0) {
        this.#doom(session, event);
        return;
      }
      left--;
      bytes -= this.#parts.fields.size(session);
      this.end(session, event);
    };
  }

  /**
   * See `SessionEngine.endAll`.
   * @param all Sums over all live sessions.
   */
  endAll(all: Totals): number {
    const { deadlines, names, doomed, listeners } = this.#parts;
    const now = deadlines.begin();
    if (all.sessions === 0) return 0;
    const { expired, maxage } = this.#countDue(now);
    this.#expired += expired;
    this.#ended += all.sessions - expired;
    if (!this.#recordsEachEnd) listeners.changes?.onEndedAll();
    names.doomAll();
    doomed.doom(all, now);
    return all.sessions - expired - maxage;
  }

  /** Processes a deadline (ms) that has come. Returns whether the slot still lives. */
  atDeadline(slot: number, deadline: number): boolean {
    const { slots, deadlines, oldTokens, listeners } = this.#parts;
    if (slots.isDoomed(slot)) {
      this.#atDeadlineOfDoomed(slot, deadline);
      return false;
    }
    if ((slots.flags(slot) & Flag.OldToken) !== 0) {
      oldTokens.remove(slot);
      return false;
    }
    const session = slot as Session;
    if (!this.#settleKeys(slot, deadline)) return false;
    const end = this.#endAt(slot, deadline);
    if (end !== undefined) {
      this.end(session, end);
      return false;
    }
    this.#clear(session);
    deadlines.set(slot, slots.maxAgeEnd(slot));
    listeners.changes?.onEmptied(session);
    listeners.changes?.onChanged(session);
    // The deadline of MAXAGE may have come, too.
    return deadlines.settle(slot);
  }

  /**
   * Removes a doomed session. If its deadline had come by the time it was doomed, the event is `expired` or `maxage`,
   * or `cleared` comes before it.
   * @param deadline In ms.
   */
  removeDoomed(slot: number, deadline = this.#parts.deadlines.deadline(slot)): void {
    const { slots, doomed, listeners } = this.#parts;
    const session = slot as Session;
    // The listener may look the session up, which calls this again.
    if ((slots.flags(slot) & Flag.Ending) !== 0) return;
    slots.setFlags(slot, slots.flags(slot) | Flag.Ending);
    const totals = this.#totalsOf(session);
    const at = doomed.endOf(slot);
    this.#settleKeys(slot, Math.min(deadline, at));
    const due = deadline <= at ? this.#endAt(slot, deadline) : endOfDoomed(slots.flags(slot));
    const end = due ?? (slots.maxAgeEnd(slot) <= at ? 'maxage' : 'ended');
    if (due === undefined) this.#clear(session);
    if (this.#recordsEachEnd) listeners.changes?.onEnded(session);
    this.#remove(session, end);
    doomed.subtract(totals);
  }

  /**
   * Removes the keys that were due by the time (ms) at which a session ends or is cleared, so that its last event does
   * not show them. Returns whether it still lives.
   */
  #settleKeys(slot: number, time: number): boolean {
    const { slots, deadlines, keyExpiry } = this.#parts;
    if ((slots.flags(slot) & Flag.KeyDeadlines) === 0) return true;
    // A listener that looks sessions up must not find this one due again.
    deadlines.cancel(slot);
    return keyExpiry.settleUntil(slot, time);
  }

  /** Returns how a session ends at a deadline (ms) that has come, or undefined if it does not end. */
  #endAt(slot: number, deadline: number): 'maxage' | 'expired' | undefined {
    const { slots } = this.#parts;
    if (deadline >= slots.maxAgeEnd(slot)) return 'maxage';
    return (slots.flags(slot) & Flag.DeleteSession) !== 0 ? 'expired' : undefined;
  }

  /** Removes a session's data at its deadline. */
  #clear(session: Session): void {
    const { slots, fields, deadlines, keyDeadlines, listeners } = this.#parts;
    this.#cleared++;
    deadlines.cancel(session);
    // Without deadlines, all that is left of the data is shown.
    keyDeadlines.clear(session);
    listeners.notify('cleared', session);
    fields.clear(session);
    slots.change(session);
    slots.setFlags(session, slots.flags(session) & ~(Flag.Running | KIND_FLAGS));
  }

  #remove(session: Session, event: SessionEnd): void {
    const { slots, names, tokens, oldTokens, fields, deadlines, keyDeadlines, listeners, trimming } = this.#parts;
    // A listener that looks sessions up must not find this one due again.
    deadlines.cancel(session);
    // Without deadlines, all that is left of the data is shown.
    keyDeadlines.clear(session);
    listeners.notify(event, session);
    oldTokens.removeAll(session);
    fields.clear(session);
    deadlines.cancel(session);
    tokens.remove(session);
    names.remove(session);
    slots.release(session);
    trimming.schedule();
  }

  /** Ends a session for every caller. The sweep publishes its event and frees its memory later. */
  #doom(session: Session, event: 'ended' | 'limit'): void {
    const { slots, names, oldTokens, doomed, listeners } = this.#parts;
    if ((slots.flags(session) & Flag.Shared) !== 0 && names.countLike(session) > 1) {
      // Its end must be published before the name gets another shared session. The name index ensures that only if the
      // name has no other session.
      this.end(session, event);
      return;
    }
    this.#ended++;
    listeners.changes?.onEnded(session);
    const totals = this.#totalsOf(session);
    names.doom(session);
    oldTokens.forEach(session, (old) => slots.doom(old));
    slots.change(session);
    if (event === 'limit') slots.setFlags(session, slots.flags(session) | Flag.OverLimit);
    slots.doom(session);
    doomed.add(totals);
  }

  /** Processes a deadline (ms), which has come, of a doomed session or of one of its old tokens. */
  #atDeadlineOfDoomed(slot: number, deadline: number): void {
    const { slots, oldTokens, doomed } = this.#parts;
    doomed.subtract({ ...NOTHING, timers: 1 });
    if ((slots.flags(slot) & Flag.OldToken) !== 0) oldTokens.remove(slot);
    else this.removeDoomed(slot, deadline);
  }

  #totalsOf(session: Session): Totals {
    const { fields, deadlines, oldTokens } = this.#parts;
    let timers = deadlines.deadline(session) < Infinity ? 1 : 0;
    oldTokens.forEach(session, () => timers++);
    return { sessions: 1, keys: fields.count(session), bytes: fields.size(session), timers };
  }

  /**
   * Counts the sessions that a deadline has ended by `now` (ms) but that were not processed yet: by their duration, and
   * by MAXAGE.
   */
  #countDue(now: number): { expired: number; maxage: number } {
    const { slots, deadlines } = this.#parts;
    let expired = 0;
    let maxage = 0;
    deadlines.forEachDue((slot, deadline) => {
      if (!slots.isSession(slot)) return;
      if (this.#endAt(slot, deadline) === 'expired') expired++;
      else if (slots.maxAgeEnd(slot) <= now) maxage++;
    });
    return { expired, maxage };
  }
}

function endOfDoomed(flags: number): 'ended' | 'limit' {
  return (flags & Flag.OverLimit) === 0 ? 'ended' : 'limit';
}
