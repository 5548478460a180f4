/**
 * Gives out numbers from 0 on, always the lowest free one. So the numbers in use stay low, and arrays indexed by them
 * can shrink again.
 *
 * The first level has a bit per number, set if the number is taken. Each further level has a bit per word of the level
 * before, set if all 32 bits of that word are set. So finding the lowest free number reads one word per level. A
 * million numbers take 130 KB.
 */
export class Numbering {
  readonly #levels: Uint32Array[] = Array.from({ length: LEVELS }, () => new Uint32Array(1));
  #end = 0;
  #taken = 0;

  /** The highest taken number + 1, or 0. */
  get end(): number {
    return this.#end;
  }

  /** How many numbers are taken. */
  get taken(): number {
    return this.#taken;
  }

  /** Takes and returns the lowest free number. At most 2^30 numbers can be taken. */
  take(): number {
    let number = 0;
    for (let level = LEVELS - 1; level >= 0; level--) {
      const words = this.#levels[level];
      const free = number < words.length ? ~words[number] : -1;
      number = number * 32 + lowestBit(free);
    }
    this.#taken++;
    if (number >= this.#end) this.#end = number + 1;
    this.#mark(number);
    return number;
  }

  /** Frees a taken number. */
  release(number: number): void {
    let at = number;
    for (const words of this.#levels) {
      const wasFull = words[at >>> 5] === FULL;
      words[at >>> 5] &= ~(1 << (at & 31));
      if (!wasFull) break;
      at >>>= 5;
    }
    this.#taken--;
    if (number === this.#end - 1) this.#end = this.#highest(number) + 1;
  }

  #mark(number: number): void {
    let at = number;
    for (let level = 0; level < LEVELS; level++) {
      if (at >>> 5 >= this.#levels[level].length) this.#lengthen(level);
      const words = this.#levels[level];
      words[at >>> 5] |= 1 << (at & 31);
      at >>>= 5;
      // Only a full word is marked in the next level.
      if (words[at] !== FULL) return;
    }
  }

  #lengthen(level: number): void {
    const longer = new Uint32Array(this.#levels[level].length * 2);
    longer.set(this.#levels[level]);
    this.#levels[level] = longer;
  }

  /** Returns the highest taken number up to `number`, or -1 if there is none. */
  #highest(number: number): number {
    const [words] = this.#levels;
    let word = number >>> 5;
    while (word >= 0 && words[word] === 0) word--;
    return word < 0 ? -1 : word * 32 + 31 - Math.clz32(words[word]);
  }
}

/** The number of levels: the last one needs one word for 2^30 numbers. */
const LEVELS = 6;
const FULL = 2 ** 32 - 1;

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
