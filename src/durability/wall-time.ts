import type { Clock } from '../engine/index.js';

/** Means "never" in the journal. The wall clock is never 0. */
export const NEVER = 0;

/** If more than `CLOSE_MS` passes between reading the two clocks, they are read again, up to `LOOKS` times in total. */
const LOOKS = 3;
const CLOSE_MS = 1;

/**
 * The journal's clock: unix ms that advance with the engine's clock, whatever happens to the system's wall clock.
 *
 * Durations run on the engine's clock, which restarts with each process, but files need timestamps that outlive the
 * process. The wall clock provides them, but it may be set while the server runs. So the two are compared once, at the
 * start. From then on the journal's clock follows the engine's. The journal records by how much the wall clock is ahead
 * (`ahead`), so that the next process, which has only the wall clock, can continue the journal's clock.
 *
 * (`engine/time/unix-time.ts` is responsible for the expiry times that clients see.)
 */
export class WallTime {
  readonly #clock: Clock;
  /** By how many ms this clock is ahead of the engine's. */
  #offset: number;

  /** @param ahead By how many ms the wall clock is ahead of this clock now. */
  constructor(clock: Clock, ahead = 0) {
    this.#clock = clock;
    this.#offset = between(clock) - ahead;
  }

  /** By how many ms the wall clock is ahead of this clock now, to within a millisecond or two. */
  get ahead(): number {
    return between(this.#clock) - this.#offset;
  }

  /** Sets this clock so that the wall clock is ahead of it by `ms` now. */
  set ahead(ms: number) {
    this.#offset = between(this.#clock) - ms;
  }

  /** Converts ms of the engine's clock to unix ms, rounded up so that nothing ends early; Infinity becomes `NEVER`. */
  ofClock(instant: number): number {
    return instant === Infinity ? NEVER : Math.max(1, Math.ceil(instant + this.#offset) + 1);
  }

  /** Converts unix ms to ms of the engine's clock, negative for times before it began; `NEVER` becomes Infinity. */
  toClock(unix: number): number {
    return unix === NEVER ? Infinity : unix - this.#offset;
  }
}

/**
 * Returns by how many ms the wall clock is ahead of the engine's. The process may be interrupted between the two
 * readings.
 */
function between(clock: Clock): number {
  for (let looks = 1; ; looks++) {
    const before = clock.now();
    const wall = clock.wall();
    const after = clock.now();
    if (after - before <= CLOSE_MS || looks === LOOKS) return wall - after;
  }
}
