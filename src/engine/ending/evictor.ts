import type { EngineParts } from '../engine-parts.js';
import type { LookUps } from '../look-ups.js';
import type { MemoryUse } from '../memory-use.js';
import { NO_SESSION, type Session } from '../session.js';
import { Flag, type SlotTable } from '../tables/slot-table.js';
import { BackgroundWork, DONE } from '../time/background-work.js';
import type { Clock } from '../time/clock.js';
import type { Deadlines } from '../time/deadlines.js';
import { TimeSlices } from '../time/time-slices.js';
import type { Doomed } from './doomed.js';
import type { Ending } from './ending.js';

/** Which session to end when memory runs out: none, the one due first, or the one unused for longest. */
export type EvictionPolicy = 'noeviction' | 'volatile-ttl' | 'allsessions-lru';

/** The number of sessions to look at for each eviction. On average, 6 % of all sessions rank before the one chosen. */
const SAMPLES = 16;
/** The number of slots to search for one sample. After a longer run of free slots, the next sample starts elsewhere. */
const STRETCH = 256;

/**
 * Length of a slice of eviction in ms, if memory exceeds the limit by more than an eighth or a caller waits for room.
 */
const LONG_SLICE_MS = 10;

interface EvictorParts extends Pick<EngineParts, 'slots' | 'deadlines' | 'keyDeadlines' | 'fields'> {
  readonly lookUps: LookUps;
  readonly memory: MemoryUse;
  readonly ending: Ending;
  readonly doomed: Doomed;
}

/**
 * Keeps sessions within a memory limit. Like Redis, it does not keep all sessions in order, because every use would
 * change the order. It evicts the best candidate of a few picked at random.
 */
export class Evictor {
  readonly #parts: EvictorParts;
  readonly #clock: Clock;
  readonly #slices: TimeSlices;
  readonly #onSlice: (ms: number) => void;
  /** Evicts the rest after the waiting requests have been served. */
  readonly #rest: BackgroundWork;
  #maxMemory = Infinity;
  #policy: EvictionPolicy = 'noeviction';
  #stopped = false;
  #held = false;

  /** @param onSlice Called after each slice with how long it took, in ms. */
  constructor(parts: EvictorParts, clock: Clock, onSlice: (ms: number) => void) {
    this.#parts = parts;
    this.#clock = clock;
    this.#onSlice = onSlice;
    this.#slices = new TimeSlices(clock);
    this.#rest = new BackgroundWork(clock, () => {
      this.makeRoom();
      return DONE;
    });
  }

  /** Sets the limit and starts enforcing it. */
  limit(maxBytes: number, policy: EvictionPolicy): void {
    this.#maxMemory = maxBytes;
    this.#policy = policy;
    this.makeRoom();
  }

  /** Evicts nothing until `release`. Meanwhile there is always room. */
  hold(): void {
    this.#held = true;
  }

  /** Ends `hold`. */
  release(): void {
    this.#held = false;
    this.makeRoom();
  }

  /** Stops for good. */
  stop(): void {
    this.#stopped = true;
    this.#rest.stop();
  }

  /**
   * Evicts until the limit is met or the slice is over. Further slices follow, and requests are served between them.
   * Returns false if the limit is exceeded and no session may be evicted.
   */
  makeRoom(): boolean {
    const { total } = this.#parts.memory;
    if (this.#held || (total <= this.#maxMemory && !this.#isFull)) return true;
    this.#slices.begin(total > this.#maxMemory * 1.125 ? LONG_SLICE_MS : undefined);
    const room = this.#evict(0);
    if (room === undefined) this.#rest.schedule();
    return room !== false;
  }

  /**
   * Evicts until there is room for `bytes` more. Returns false if no session may be evicted, or if evicting all would
   * not be enough. Returns a promise if it takes longer than a slice.
   */
  makeRoomFor(bytes: number): boolean | Promise<boolean> {
    this.#slices.begin(LONG_SLICE_MS);
    return this.#evict(bytes) ?? this.#evictLater(bytes);
  }

  async #evictLater(bytes: number): Promise<boolean> {
    for (;;) {
      await this.#slices.next(LONG_SLICE_MS);
      if (this.#held) continue;
      const room = this.#evict(bytes);
      if (room !== undefined) return room;
    }
  }

  /**
   * Evicts until the slice is over. Returns true if there is room for `bytes` more, false if there cannot be, undefined
   * if the slice ended first.
   */
  #evict(bytes: number): boolean | undefined {
    if (this.#stopped) return true;
    // Evicting all sessions would not be enough.
    if (bytes > 0 && bytes > this.#maxMemory) return false;
    if (!this.#isTooMuch(bytes)) return true;
    const began = this.#clock.now();
    try {
      return this.#evictSlice(bytes);
    } finally {
      this.#onSlice(this.#clock.now() - began);
    }
  }

  #evictSlice(bytes: number): boolean | undefined {
    const { deadlines, keyDeadlines, fields, lookUps, ending, doomed } = this.#parts;
    deadlines.begin();
    while (this.#isTooMuch(bytes)) {
      // Removed data is freed first, then doomed sessions are.
      if (!fields.reclaim() && !keyDeadlines.reclaim() && !doomed.endOne()) {
        const session = this.#pick();
        if (session === NO_SESSION) return false;
        // What is due, the session or some of its keys, expires instead.
        if (lookUps.isLive(session)) ending.end(session, 'evicted');
      }
      if (this.#slices.isOver) return !this.#isTooMuch(bytes) || undefined;
    }
    return true;
  }

  #isTooMuch(bytes: number): boolean {
    return this.#parts.memory.total + bytes > this.#maxMemory || this.#isFull;
  }

  get #isFull(): boolean {
    const { fields, keyDeadlines } = this.#parts;
    return fields.isFull || keyDeadlines.isFull;
  }

  /** Returns the session to evict first, or NO_SESSION if the policy spares all. */
  #pick(): Session {
    const { slots, deadlines } = this.#parts;
    const policy = this.#policy;
    if (policy === 'noeviction' || slots.taken === 0) return NO_SESSION;
    if (policy === 'volatile-ttl' && deadlines.pending === 0) return NO_SESSION;
    const rank = RANKS[policy];
    let best = NO_SESSION;
    let bestRank = Infinity;
    const consider = (slot: number): boolean => {
      if ((slots.flags(slot) & Flag.Session) === 0) return false;
      const itsRank = rank(slot, slots, deadlines);
      if (itsRank < bestRank) {
        best = slot as Session;
        bestRank = itsRank;
      }
      return true;
    };
    const { used } = slots;
    for (let sample = 0; sample < SAMPLES; sample++) {
      const start = Math.floor(Math.random() * used);
      const end = Math.min(used, start + STRETCH);
      for (let slot = start; slot < end && !consider(slot); slot++);
    }
    // Candidates are so rare that no sample found one: look at all slots.
    if (best === NO_SESSION) for (let slot = 0; slot < used; slot++) consider(slot);
    return best;
  }
}

/** Sessions with lower ranks are evicted sooner. Infinity: never. */
const RANKS: Record<
  Exclude<EvictionPolicy, 'noeviction'>,
  (slot: number, slots: SlotTable, deadlines: Deadlines) => number
> = {
  'volatile-ttl': (slot, _, deadlines) => deadlines.left(slot),
  'allsessions-lru': (slot, slots) => slots.lastUsed(slot),
};
