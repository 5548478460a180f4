import type { Clock } from '../engine/index.js';

/** Means "never" in the journal: the wall clock is far beyond 0. */
export const NEVER = 0;

/** The two clocks are read again, up to `LOOKS` times in all, if more than `CLOSE_MS` went by between two readings. */
const LOOKS = 3;
const CLOSE_MS = 1;

/**
 * The time of the journal: unix ms that go on as the engine's clock does, whatever becomes of the system's wall clock meanwhile.
 *
 * Durations run on the engine's clock, which starts anew with each process, but files need timestamps that outlive the process. The wall clock gives
 * them, but it may be set while the server runs. So the two are compared once, at the start; from then on the journal's time follows the
 * engine's clock. By how much the wall clock is ahead of it (`ahead`) is kept with the journal, so that the next process, which has the wall
 * clock alone, finds the journal's time again.
 *
 * (Of a session's expiry as clients see it, `engine/time/unix-time.ts` is in charge.)
 */
export class WallTime {
  readonly #clock: Clock;
  /** What this time is ahead of the engine's clock. */
  #offset: number;

  /** @param ahead By how much the wall clock is ahead of this time now, in ms. */
  constructor(clock: Clock, ahead = 0) {
    this.#clock = clock;
    this.#offset = between(clock) - ahead;
  }

  /** By how much the wall clock is ahead of this time now, in ms, to a millisecond or two. */
  get ahead(): number {
    return between(this.#clock) - this.#offset;
  }

  /** Begins this time anew: the wall clock is ahead of it by so many ms now. */
  set ahead(ms: number) {
    this.#offset = between(this.#clock) - ms;
  }

  /** Unix ms, rounded up by a clock reading so that nothing ends early; `NEVER` for Infinity. */
  ofClock(instant: number): number {
    return instant === Infinity ? NEVER : Math.max(1, Math.ceil(instant + this.#offset) + 1);
  }

  /** Ms on the engine's clock, below 0 for what was before it began; Infinity for `NEVER`. */
  toClock(unix: number): number {
    return unix === NEVER ? Infinity : unix - this.#offset;
  }
}

/** What the wall clock is ahead of the engine's, in ms. The process may be held up between the two looks. */
function between(clock: Clock): number {
  for (let looks = 1; ; looks++) {
    const before = clock.now();
    const wall = clock.wall();
    const after = clock.now();
    if (after - before <= CLOSE_MS || looks === LOOKS) return wall - after;
  }
}
