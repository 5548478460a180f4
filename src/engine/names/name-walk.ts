import type { Slice } from '../../slice.js';
import type { Session } from '../session.js';
import { NONE, type SlotTable } from '../tables/slot-table.js';
import type { Deadlines } from '../time/deadlines.js';
import type { NameIndex } from './name-index.js';

/** A place among the sessions of a name: at a session, which may have ended since. */
export interface Place {
  readonly slot: number;
  /** When the session was created, in unix ms with up to three decimals. */
  readonly created: number;
}

/** What a walk needs of the engine. */
interface WalkParts {
  readonly slots: SlotTable;
  readonly names: NameIndex;
  readonly deadlines: Deadlines;
  /** Whether a slot is a live session. What is due expires. */
  isLive(slot: number): boolean;
}

/**
 * A walk through the live sessions of a name, oldest first, in steps. Between two steps sessions may be created and may
 * end. Every session that lives throughout is visited exactly once.
 *
 * The place of a walk is the session that it looks at next. If that session ends before the next step, the walk
 * searches for the place again, from the oldest session on, by the time of creation. The search is part of the steps.
 * It fails only if the wall clock was set back while sessions of the name were created, because then their order is not
 * that of their times.
 */
export class NameWalk {
  readonly #parts: WalkParts;
  readonly #name: Slice;
  /** The session to look at next. NONE: the oldest. */
  #slot: number;
  #created: number;
  /** Sessions created before this are not visited: the walk has passed them. */
  #from: number;

  /** @param from Where to start. Default: at the oldest session. */
  constructor(parts: WalkParts, name: Slice, from: Place = { slot: NONE, created: 0 }) {
    this.#parts = parts;
    this.#name = name;
    this.#slot = from.slot;
    this.#created = from.created;
    this.#from = from.created;
  }

  /**
   * Visits the live ones among the next sessions, at the current time.
   * @param looks How many sessions to look at, 1 or more.
   * @param visit Returns whether to go on. Must not change anything.
   * @returns Whether there may be more.
   */
  step(looks: number, visit: (session: Session) => boolean): boolean {
    const { slots, deadlines, isLive } = this.#parts;
    deadlines.begin();
    let slot = this.#resumed();
    let goesOn = true;
    for (let left = looks; slot !== NONE && left > 0 && goesOn; left--) {
      const newer = slots.newer(slot);
      if (slots.created[slot] >= this.#from) {
        if (newer !== NONE) this.#from = slots.created[newer];
        if (isLive(slot)) goesOn = visit(slot as Session);
      }
      slot = newer;
    }
    this.#slot = slot;
    this.#created = slot === NONE ? 0 : slots.created[slot];
    return slot !== NONE;
  }

  /** Where the next step continues. */
  get place(): Place {
    return { slot: this.#slot, created: this.#from };
  }

  #resumed(): number {
    const { slots, names } = this.#parts;
    const slot = this.#slot;
    const isThere = slot !== NONE && names.has(this.#name, slot) && slots.created[slot] === this.#created;
    return isThere ? slot : names.oldest(this.#name);
  }
}
