import { performance } from 'node:perf_hooks';

/**
 * The engine's source of time. A server has one clock, which is passed in. Tests pass in a clock that they advance
 * themselves, and never sleep.
 */
export interface Clock {
  /**
   * Returns milliseconds on a monotonic clock. Its origin is arbitrary, but the value is never negative. It may have a
   * fraction.
   */
  now(): number;
  /**
   * Returns milliseconds since 1970 on the wall clock, which may be set back or forward. For timestamps that people or
   * files see.
   */
  wall(): number;
  /**
   * Calls `callback` once, `delay` ms from now or a little later. With 0, after the requests that are already waiting
   * have been served. A call that is more than 24 days away may come early. A pending call does not keep the process
   * alive, unless `delay` is 0.
   * @returns A function that cancels the call.
   */
  after(delay: number, callback: () => void): () => void;
}

/** The longest delay that setTimeout accepts, in ms: 24.8 days. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** The clocks of the process. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(delay, callback) {
    // setImmediate lets sockets be read in between; setTimeout(0) would add a millisecond.
    if (delay <= 0) {
      // Not unref'd: the event loop would otherwise wait for a socket or a timer before running it.
      const immediate = setImmediate(callback);
      return () => clearImmediate(immediate);
    }
    const timeout = setTimeout(callback, Math.min(Math.ceil(delay), LONGEST_TIMEOUT)).unref();
    return () => clearTimeout(timeout);
  },
};
