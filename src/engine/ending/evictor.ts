import { NO_SESSION, type Session } from '../session.js';
import { Flag, type SlotTable } from '../tables/slot-table.js';
import { BackgroundWork, DONE } from '../time/background-work.js';
import type { Clock } from '../time/clock.js';
import type { Deadlines } from '../time/deadlines.js';
import { TimeSlices } from '../time/time-slices.js';

/** Which session is ended when memory runs out: none, the one that is due first, the one not used for longest. */
export type EvictionPolicy = 'noeviction' | 'volatile-ttl' | 'allsessions-lru';

/** Sessions that are looked at to evict one of them. The choice is then among the first 6 % of all, as a rule. */
const SAMPLES = 16;
/** Free slots passed over in search of one sample; behind a longer stretch of them another place is tried. */
const STRETCH = 256;

/** A slice of eviction takes this many ms where more than an eighth too much is taken. */
const LONG_SLICE_MS = 10;

/** What an evictor needs of the sessions as a whole. */
export interface Evictable {
  /** Bytes of memory that they take. */
  readonly memory: number;
  /** Whether they can hardly take any more, whatever the limit. */
  readonly isFull: boolean;
  /** Frees a part of what was removed. Returns whether there may be more. */
  reclaim(): boolean;
  evict(session: Session): void;
  /** Ends a session that is doomed. Returns false if there is none. */
  endDoomed(): boolean;
}

/**
 * Keeps sessions within a limit of memory. Like Redis it keeps no order of all sessions, which every use would
 * have to change, but evicts the best of a few picked at random.
 */
export class Evictor {
  readonly #slots: SlotTable;
  readonly #deadlines: Deadlines;
  readonly #sessions: Evictable;
  readonly #slices: TimeSlices;
  /** Evicts the rest when what waits has been served. */
  readonly #rest: BackgroundWork;
  #maxMemory = Infinity;
  #policy: EvictionPolicy = 'noeviction';
  #stopped = false;

  constructor(slots: SlotTable, deadlines: Deadlines, clock: Clock, sessions: Evictable) {
    this.#slots = slots;
    this.#deadlines = deadlines;
    this.#sessions = sessions;
    this.#slices = new TimeSlices(clock);
    this.#rest = new BackgroundWork(clock, () => {
      this.makeRoom();
      return DONE;
    });
  }

  /** Sets the limit, and begins to keep it. */
  limit(maxBytes: number, policy: EvictionPolicy): void {
    this.#maxMemory = maxBytes;
    this.#policy = policy;
    this.makeRoom();
  }

  /** Ends its work for good. */
  stop(): void {
    this.#stopped = true;
    this.#rest.stop();
  }

  /**
   * Evicts as much as it takes, or as time allows; the rest follows in slices, between which others are served.
   * Returns false if more is taken than may be, and nobody may go.
   */
  makeRoom(): boolean {
    const { memory } = this.#sessions;
    if (memory <= this.#maxMemory && !this.#sessions.isFull) return true;
    this.#slices.begin(memory > this.#maxMemory * 1.125 ? LONG_SLICE_MS : undefined);
    const room = this.#evict(0);
    if (room === undefined) this.#rest.schedule();
    return room !== false;
  }

  /**
   * Evicts until this many more bytes may be taken. Returns false if no session may be evicted, or if evicting all would not be enough; a promise if
   * it takes longer than a slice.
   */
  makeRoomFor(bytes: number): boolean | Promise<boolean> {
    this.#slices.begin(LONG_SLICE_MS);
    return this.#evict(bytes) ?? this.#evictLater(bytes);
  }

  async #evictLater(bytes: number): Promise<boolean> {
    for (;;) {
      await this.#slices.next(LONG_SLICE_MS);
      const room = this.#evict(bytes);
      if (room !== undefined) return room;
    }
  }

  /** Evicts until this many more bytes may be taken: true; false if that is not possible, undefined if the slice was over before. */
  #evict(bytes: number): boolean | undefined {
    if (this.#stopped) return true;
    // Evicting all of them would not be enough.
    if (bytes > 0 && bytes > this.#maxMemory) return false;
    if (!this.#isTooMuch(bytes)) return true;
    this.#deadlines.begin();
    while (this.#isTooMuch(bytes)) {
      // Data that was removed already is freed first, then doomed sessions.
      if (!this.#sessions.reclaim() && !this.#sessions.endDoomed()) {
        const session = this.#pick();
        if (session === NO_SESSION) return false;
        this.#sessions.evict(session);
      }
      if (this.#slices.isOver) return !this.#isTooMuch(bytes) || undefined;
    }
    return true;
  }

  #isTooMuch(bytes: number): boolean {
    return this.#sessions.memory + bytes > this.#maxMemory || this.#sessions.isFull;
  }

  /** The session to evict first, NO_SESSION if the policy spares all there are. */
  #pick(): Session {
    const policy = this.#policy;
    if (policy === 'noeviction' || this.#slots.taken === 0) return NO_SESSION;
    if (policy === 'volatile-ttl' && this.#deadlines.pending === 0) return NO_SESSION;
    const rank = RANKS[policy];
    let best = NO_SESSION;
    let bestRank = Infinity;
    const consider = (slot: number): boolean => {
      if ((this.#slots.flags(slot) & Flag.Session) === 0) return false;
      const itsRank = rank(slot, this.#slots, this.#deadlines);
      if (itsRank < bestRank) {
        best = slot as Session;
        bestRank = itsRank;
      }
      return true;
    };
    const { used } = this.#slots;
    for (let sample = 0; sample < SAMPLES; sample++) {
      const start = Math.floor(Math.random() * used);
      const end = Math.min(used, start + STRETCH);
      for (let slot = start; slot < end && !consider(slot); slot++);
    }
    // Where candidates are so rare that none was met, all slots are looked at.
    if (best === NO_SESSION) for (let slot = 0; slot < used; slot++) consider(slot);
    return best;
  }
}

/** The lower, the sooner a session is evicted; Infinity: never. */
const RANKS: Record<
  Exclude<EvictionPolicy, 'noeviction'>,
  (slot: number, slots: SlotTable, deadlines: Deadlines) => number
> = {
  'volatile-ttl': (slot, _, deadlines) => deadlines.left(slot),
  'allsessions-lru': (slot, slots) => slots.lastUsed(slot),
};
