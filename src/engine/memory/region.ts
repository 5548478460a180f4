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
  /** Bytes that regions took which have been left since the collector was called. */
  static #left = 0;
  /** How many calls of `collect` from now the collector is to come once more; 0: it need not. */
  static #rounds = 0;

  /** All of it. One view for all slabs in it: of a view each, 16 GB would have a quarter of a million, and the collector marks them all. */
  readonly bytes = Buffer.from(new ArrayBuffer(Region.BYTES));
  /** The same memory. */
  readonly words = new Uint32Array(this.bytes.buffer);
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
  }

  /**
   * Calls V8's collector where that is worth its while, and once more when it has been quiet for some seconds:
   * it makes its own young generation small only then, and may have missed what was left while it was about.
   * @returns Whether it is to be called again in a second.
   */
  static collect(): boolean {
    if (Region.#left >= Math.max(WORTH_COLLECTING, Region.#held / 4)) {
      Region.#left = 0;
      Region.#rounds = QUIET_ROUNDS;
      callCollector();
    } else if (Region.#rounds > 0) {
      Region.#rounds--;
      if (Region.#rounds === 0) callCollector();
    }
    return Region.#rounds > 0;
  }
}

const WORTH_COLLECTING = 4 * 2 ** 20;
const QUIET_ROUNDS = 6;

/**
 * The collector comes when buffers take 64 MiB more than last time: this makes one, to which nothing is written.
 * Most of its work it does in steps and beside us; with a small heap the longest pause is of some 5 ms.
 */
function callCollector(): void {
  try {
    new ArrayBuffer(65 * 2 ** 20);
  } catch {
    // Where there is no room for it, the collector has been round.
  }
}
