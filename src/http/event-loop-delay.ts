import type { Clock } from '../engine/index.js';
import type { LiveSnapshot } from './live-data.js';

/** How often the event loop is checked, in ms. */
const EVERY_MS = 20;

/**
 * Measures how long the event loop keeps timers waiting, while it is started. Node's `monitorEventLoopDelay` would not
 * do: after each reset it misses the first delay.
 */
export class EventLoopDelay {
  readonly #clock: Clock;
  #delays: number[] = [];
  #cancel: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  start(): void {
    const due = this.#clock.now() + EVERY_MS;
    this.#cancel = this.#clock.after(EVERY_MS, () => {
      this.#delays.push(Math.max(0, this.#clock.now() - due));
      this.start();
    });
  }

  stop(): void {
    this.#cancel();
    this.#delays = [];
  }

  /** Returns the delays in ms since the last call. All are 0 if nothing was measured. */
  take(): LiveSnapshot['eventLoopDelay'] {
    const delays = this.#delays.sort((a, b) => a - b);
    this.#delays = [];
    const quantile = (share: number) => Math.round(100 * (delays[Math.ceil(share * delays.length) - 1] ?? 0)) / 100;
    return { p50: quantile(0.5), p99: quantile(0.99), max: quantile(1) };
  }
}
