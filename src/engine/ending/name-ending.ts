import type { Slice } from '../../slice.js';
import type { EngineParts } from '../engine-parts.js';
import type { LookUps } from '../look-ups.js';
import type { Session } from '../session.js';
import { IDS_AT_ONCE, type PublicIdSet } from '../tokens/public-ids.js';
import type { Ending } from './ending.js';

/** The number of sessions of a name to look at in one step. */
const LOOKS = 64;

interface NameEndingParts extends Pick<EngineParts, 'names' | 'deadlines' | 'ids'> {
  readonly lookUps: LookUps;
  readonly ending: Ending;
}

/**
 * Ends sessions of one name, in steps: all of them, the oldest beyond a limit, or those with given public ids. The
 * engine may be used between steps.
 */
export class NameEnding {
  readonly #parts: NameEndingParts;
  readonly #atOnce: number;

  /** @param atOnce How many sessions `Ending.endingMany` ends at once. */
  constructor(parts: NameEndingParts, atOnce: number) {
    this.#parts = parts;
    this.#atOnce = atOnce;
  }

  /** Ends all, oldest first. Returns how many there were. */
  all(name: Slice): Generator<void, number> {
    return this.#oldest(name, 0, 'ended');
  }

  /** Like `all`, in one go. */
  allNow(name: Slice): number {
    return this.few(name) ?? finish(this.all(name));
  }

  /** Like `allNow`, but for names with few sessions. Returns undefined, and ends none, if there are more than 64. */
  few(name: Slice): number | undefined {
    const { deadlines, lookUps, ending } = this.#parts;
    deadlines.begin();
    const all = lookUps.oldestOf(name, LOOKS + 1);
    return all.length > LOOKS ? undefined : this.#end(all, name, 0, ending.endingMany('ended'));
  }

  /** Ends the oldest until `limit` are left. */
  *beyond(name: Slice, limit: number): Generator<void> {
    const { deadlines, lookUps } = this.#parts;
    deadlines.begin();
    if (deadlines.isAnyDue) {
      // Looking at a session that is due processes its deadline. Those must not count, or live ones would end instead.
      const walk = lookUps.walk(name);
      while (walk.step(LOOKS, () => true)) yield;
    }
    yield* this.#oldest(name, limit + this.#atOnce, 'limit');
    this.enforce(name, limit);
  }

  /** Like `beyond`, in one go. */
  enforce(name: Slice, limit: number): void {
    const { names, deadlines, lookUps } = this.#parts;
    const count = names.count(name);
    if (count <= limit) return;
    // Sessions that are due do not count, so they are processed first. If nothing is due at all, this need not look at
    // all sessions with the name.
    if (count <= LOOKS || deadlines.isAnyDue) lookUps.liveOf(name);
    finish(this.#oldest(name, limit, 'limit'));
  }

  /** Ends those that have one of the public ids. Returns how many there were. */
  *byId(name: Slice, ids: PublicIdSet): Generator<void, number> {
    const end = this.#parts.ending.endingMany('ended');
    const walk = this.#parts.lookUps.walk(name);
    const looked: Session[] = [];
    let ended = 0;
    for (let isMore = !ids.isEmpty; isMore; ) {
      looked.length = 0;
      isMore = walk.step(IDS_AT_ONCE, (session) => looked.push(session) > 0);
      this.#parts.ids.forEachIn(ids, looked, (slot) => {
        end(slot as Session);
        ended++;
      });
      if (isMore) yield;
    }
    return ended;
  }

  /** Ends the oldest of the sessions that a name has now, until `left` remain. Returns how many it ended. */
  *#oldest(name: Slice, left: number, event: 'ended' | 'limit'): Generator<void, number> {
    const { names, deadlines, lookUps, ending } = this.#parts;
    deadlines.begin();
    const end = ending.endingMany(event);
    const newest = names.newest(name);
    let ended = 0;
    for (let looks = names.count(name); ; ) {
      const some = lookUps.oldestOf(name, Math.min(LOOKS, looks, names.count(name) - left), newest);
      ended += this.#end(some, name, left, end);
      looks -= some.length;
      if (some.length < LOOKS || looks === 0 || some[LOOKS - 1] === newest) return ended;
      yield;
      deadlines.begin();
    }
  }

  /** Ends sessions of a name, those that are live, until `left` remain. Returns how many it ended. */
  #end(slots: readonly number[], name: Slice, left: number, end: (session: Session) => void): number {
    const { names, lookUps } = this.#parts;
    let ended = 0;
    for (const slot of slots) {
      // A listener that looks sessions up may have ended some.
      if (left > 0 && names.count(name) <= left) break;
      if (!lookUps.isLive(slot)) continue;
      end(slot as Session);
      ended++;
    }
    return ended;
  }
}

/** Runs all steps at once. Returns the result. */
function finish<Result>(steps: Generator<void, Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
