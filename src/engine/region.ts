/**
 * Regions: memory for slabs, 33 MiB each.
 *
 * What is larger than 32 MiB, malloc maps, and unmaps when it is freed; smaller buffers come from malloc's heap and,
 * freed, stay there. Only what was ever written to counts as memory of the process.
 *
 * A region is a plain buffer, and so freed by V8's garbage collector alone: a resizable one, which gives its memory back
 * when it is told to, takes ten times as long to make a view of; and to detach one (as a transfer does) makes V8 look, from then
 * on, at every access to any typed array whether that is detached. `collect` gets the collector to come.
 */
export class Region {
  /** Bytes of a region. */
  static readonly BYTES = 33 * 2 ** 20;

  /** Bytes that regions in use take. */
  static #held = 0;
  /** Bytes that regions take which are not used any more, but not freed yet. */
  static #left = 0;
  static readonly #freed = new FinalizationRegistry<number>((bytes) => {
    Region.#left -= bytes;
  });
  /** How often the collector may yet be called. */
  static #calls = 0;

  readonly buffer = new ArrayBuffer(Region.BYTES);
  /** Bytes from here on were never written to. */
  #touched = 0;

  get touched(): number {
    return this.#touched;
  }

  /** Bytes up to here are about to be written to. */
  touch(end: number): void {
    if (end <= this.#touched) return;
    Region.#held += end - this.#touched;
    this.#touched = end;
  }

  /** It is not used any more. */
  leave(): void {
    Region.#held -= this.#touched;
    Region.#left += this.#touched;
    Region.#freed.register(this.buffer, this.#touched);
    Region.#calls = MOST_CALLS;
  }

  /**
   * Calls the collector, if what was left is worth its while. It comes when buffers take 64 MiB more than last
   * time: this makes one, to which nothing is written. Most of its work it does in steps and beside us; with a small
   * heap the longest pause is of some 5 ms.
   * @returns Whether it is to be called again in a second: if it was about already, it may have missed what was left since.
   */
  static collect(): boolean {
    if (Region.#calls === 0 || Region.#left < Math.max(WORTH_COLLECTING, Region.#held / 4)) return false;
    Region.#calls--;
    try {
      new ArrayBuffer(PRESSURE);
    } catch {
      // Where there is no room for it, the collector has been round.
    }
    return true;
  }
}

const PRESSURE = 65 * 2 ** 20;
const WORTH_COLLECTING = 4 * 2 ** 20;
const MOST_CALLS = 3;
