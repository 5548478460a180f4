/**
 * Gives out numbers from 0 on, always the lowest that is free, so that the numbers in use stay together and what
 * is indexed by them can become shorter again.
 *
 * A bit a number tells whether it is taken; a bit of the next level, whether 32 of them are, and so on: to find the lowest
 * that is free is a look at one word of each level. For a million numbers that is 130 KB.
 */
export class Numbering {
  readonly #levels: Uint32Array[] = Array.from({ length: LEVELS }, () => new Uint32Array(1));
  #end = 0;
  #taken = 0;

  /** All numbers that are taken are below this one. */
  get end(): number {
    return this.#end;
  }

  /** How many are taken. */
  get taken(): number {
    return this.#taken;
  }

  /** Takes the lowest that is free; there are 2^30. */
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

  /** Gives a number back that is taken. */
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
      // Only a word that has become full is marked in the next level.
      if (words[at] !== FULL) return;
    }
  }

  #lengthen(level: number): void {
    const longer = new Uint32Array(this.#levels[level].length * 2);
    longer.set(this.#levels[level]);
    this.#levels[level] = longer;
  }

  /** The highest number up to `number` that is taken, -1 if there is none. */
  #highest(number: number): number {
    const [words] = this.#levels;
    let word = number >>> 5;
    while (word >= 0 && words[word] === 0) word--;
    return word < 0 ? -1 : word * 32 + 31 - Math.clz32(words[word]);
  }
}

/** Each has a bit for a word of the one before: the last has one word for 2^30 numbers. */
const LEVELS = 6;
const FULL = 2 ** 32 - 1;

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
