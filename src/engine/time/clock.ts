import { performance } from 'node:perf_hooks';

/**
 * Where the engine's time comes from. There is one clock in a server, and it is handed in: a test
 * hands in one that it advances itself, and never sleeps.
 */
export interface Clock {
  /** Milliseconds on a clock that never goes back, from any origin of 0 or later; fractions count. */
  now(): number;
  /** Milliseconds since 1970 on the wall clock, which may be set: for instants a person reads. */
  wall(): number;
  /**
   * Calls back once, `delay` ms from now, or a little later; with 0, after what is waiting to be
   * served now. One that is weeks away may come early. Waiting for a later call does not keep the process alive.
   * @returns A function that cancels the call.
   */
  after(delay: number, callback: () => void): () => void;
}

/** The longest that setTimeout takes, in ms: 24.8 days. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** The process' own clocks. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(delay, callback) {
    // setImmediate lets sockets be read in between; setTimeout(0) would add a millisecond.
    if (delay <= 0) {
      // Not unref'd: the loop would then wait for a socket or a timer before it comes round to it.
      const immediate = setImmediate(callback);
      return () => clearImmediate(immediate);
    }
    const timeout = setTimeout(callback, Math.min(Math.ceil(delay), LONGEST_TIMEOUT)).unref();
    return () => clearTimeout(timeout);
  },
};
