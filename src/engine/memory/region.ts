/**
 * A region of memory for slabs, 33 MiB long.
 *
 * glibc's malloc maps every allocation larger than 32 MiB and unmaps it when it is freed. Smaller buffers come from
 * malloc's heap and stay there when they are freed. Only memory that was ever written to counts towards the process's
 * memory.
 *
 * A region is a plain buffer, so only V8's garbage collector frees it. A resizable buffer would return its memory on
 * demand, but takes ten times as long to make a view of. Detaching a buffer (as a transfer does) makes V8 check, from
 * then on, at every access to any typed array whether it is detached. `collect` makes the collector run.
 */
export class Region {
  /** Bytes per region. */
  static readonly BYTES = 33 * 2 ** 20;

  /** Bytes touched in regions that are in use. */
  static #held = 0;
  /** Bytes touched in regions that were given up since the collector last ran. */
  static #givenUp = 0;
  /** The number of calls of `collect` until the collector must run once more. 0 if it need not. */
  static #rounds = 0;

  readonly buffer = new ArrayBuffer(Region.BYTES);
  /** Bytes from this index on have never been written to. */
  #touched = 0;

  get touched(): number {
    return this.#touched;
  }

  /** Call this before writing to bytes below `end`. */
  touch(end: number): void {
    if (end <= this.#touched) return;
    Region.#held += end - this.#touched;
    this.#touched = end;
  }

  /** Call this when the region is no longer used. */
  giveUp(): void {
    Region.#held -= this.#touched;
    Region.#givenUp += this.#touched;
  }

  /**
   * Runs V8's collector if enough memory was given up, and once more after some quiet seconds. Only the second run
   * shrinks V8's young generation, and the first may have missed regions that were given up while it was under way.
   * @returns Whether to call `collect` again in a second.
   */
  static collect(): boolean {
    if (Region.#givenUp >= Math.max(WORTH_COLLECTING, Region.#held / 4)) {
      Region.#givenUp = 0;
      Region.#rounds = QUIET_ROUNDS;
      callCollector();
    } else if (Region.#rounds > 0) {
      Region.#rounds--;
      if (Region.#rounds === 0) callCollector();
    }
    return Region.#rounds > 0;
  }
}

/** The fewest bytes given up for which the collector is run. */
const WORTH_COLLECTING = 4 * 2 ** 20;
/** After this many further calls of `collect`, a second apart, the collector runs once more. */
const QUIET_ROUNDS = 6;

/**
 * Makes V8 start a collection. V8 does so when buffers have grown by 64 MiB since the last one, so this makes a larger
 * buffer, and writes nothing to it. The collector does most of its work in steps and on other threads; with a small
 * heap its longest pause is about 5 ms.
 */
function callCollector(): void {
  try {
    new ArrayBuffer(65 * 2 ** 20);
  } catch {
    // If there is no memory for it, the collector has already run.
  }
}
