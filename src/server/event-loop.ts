/** What kept the event loop from serving anybody. */
export interface Stalls {
  /** Those of at least the length that counts. */
  readonly count: number;
  /** The longest in ms, even if it is too short to count. */
  readonly longest: number;
}

/**
 * How often to look at the time, in ms. A stall counts as up to this much shorter than it was. Each look wakes an idle
 * process: 40 of them a second take less than 0.5 % of a processor. Node.js' own `monitorEventLoopDelay` costs about as
 * much, and misses a stall that begins just after its figures were read and reset.
 */
const LOOK_EVERY_MS = 25;

/**
 * Notices when the event loop stalls: when nothing was served for a while, because of a long command, garbage
 * collection, a slow call of the system, or a machine that has no time for the process.
 */
export class EventLoop {
  /** The least length of a stall that counts, in ms. */
  readonly #least: number;
  #timer: NodeJS.Timeout | undefined;
  #lookedAt = 0;
  #count = 0;
  #longest = 0;

  constructor(leastMs: number) {
    this.#least = leastMs;
  }

  /** Returns the stalls since the last call. The first call only begins to look: how long a start takes is no incident. */
  takeStalls(): Stalls {
    if (this.#timer === undefined) {
      this.#lookedAt = performance.now();
      this.#timer = setInterval(this.#look, LOOK_EVERY_MS).unref();
    }
    const stalls = { count: this.#count, longest: this.#longest };
    this.#count = 0;
    this.#longest = 0;
    return stalls;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  readonly #look = (): void => {
    const now = performance.now();
    const stall = now - this.#lookedAt - LOOK_EVERY_MS;
    this.#lookedAt = now;
    if (stall > this.#longest) this.#longest = stall;
    if (stall >= this.#least) this.#count++;
  };
}
