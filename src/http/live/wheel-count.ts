import type { SessionEngine } from '../../engine/index.js';
import type { LiveHello, LiveWheel } from './live-data.js';

/** The number of segments that the wheel is shown in. */
const SEGMENTS = 256;
/** The next minute is shown in parts of this many ms. */
const MINUTE_PART_MS = 500;
const MINUTE_PARTS = 60_000 / MINUTE_PART_MS;

/** The number of timers to count before requests are served. It takes a fraction of a millisecond. */
const STEP = 16_384;

/**
 * After a count that took some ms, the next one starts this many times as many ms later: counting takes 1 % of the CPU.
 */
const REST = 100;

interface WheelCountParts {
  readonly engine: SessionEngine;
  readonly clock: {
    now(): number;
    wall(): number;
    after(delay: number, callback: () => void): () => void;
  };
}

/** Counts the timers of the wheel, in steps between which requests are served. */
export class WheelCount {
  readonly #engine: SessionEngine;
  readonly #clock: WheelCountParts['clock'];
  #latest: LiveWheel | undefined;
  /** When the next count may start, in ms. */
  #next = -Infinity;
  #isCounting = false;
  /** Called when the count that is under way has ended. */
  #done: (wheel: LiveWheel) => void = () => {};
  #cancel: () => void = () => {};

  constructor({ engine, clock }: WheelCountParts) {
    this.#engine = engine;
    this.#clock = clock;
  }

  /** The size of the wheel, and how it is divided for the count. */
  get shape(): LiveHello['wheel'] {
    const { tickMs, wheelSlots } = this.#engine.stats();
    return { tickMs, slots: wheelSlots, segments: SEGMENTS, minutePartMs: MINUTE_PART_MS };
  }

  /**
   * Calls back with a count, possibly at once: with the latest one if it is recent, or if another is under way, and
   * otherwise with a new one.
   */
  refresh(done: (wheel: LiveWheel) => void): void {
    const isFresh = this.#clock.now() < this.#next;
    if (this.#latest !== undefined && (isFresh || this.#isCounting)) {
      done(this.#latest);
      return;
    }
    this.#done = done;
    if (!this.#isCounting) this.#count();
  }

  /** Stops a count that is under way, and forgets the latest one. */
  stop(): void {
    this.#cancel();
    this.#isCounting = false;
    this.#latest = undefined;
    this.#next = -Infinity;
  }

  #count(): void {
    this.#isCounting = true;
    const clock = this.#clock;
    const [now, at] = [clock.now(), Math.round(clock.wall())];
    const counts = {
      thisRound: new Uint32Array(SEGMENTS),
      laterRounds: new Uint32Array(SEGMENTS),
      soon: new Uint32Array(MINUTE_PARTS),
      soonPartMs: MINUTE_PART_MS,
    };
    let ms = 0;
    const step = (from: number) => {
      const began = clock.now();
      const isMore = this.#engine.countTimers(now, counts, from, from + STEP);
      ms += clock.now() - began;
      if (isMore) {
        this.#cancel = clock.after(0, () => step(from + STEP));
        return;
      }
      this.#next = clock.now() + REST * ms;
      const minute = Array.from(counts.soon);
      this.#latest = {
        at,
        timers: this.#engine.stats().pending,
        hand: this.#engine.wheelHand(now),
        thisRound: Array.from(counts.thisRound),
        laterRounds: Array.from(counts.laterRounds),
        minute,
        dueIn1s: sumOf(minute, 1000),
        dueIn10s: sumOf(minute, 10_000),
        dueIn60s: sumOf(minute, 60_000),
      };
      this.#isCounting = false;
      this.#done(this.#latest);
    };
    step(0);
  }
}

/** Returns the number of timers due within `ms`. */
function sumOf(minute: readonly number[], ms: number): number {
  return minute.slice(0, ms / MINUTE_PART_MS).reduce((sum, count) => sum + count, 0);
}
