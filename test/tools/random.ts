/**
 * All randomness comes from one seed, so that a run can be repeated: the same bytes are sent in the same order. When
 * they arrive is up to the system. Each participant draws from a stream of its own, so that what it draws does not
 * depend on when the others run.
 */
export class Random {
  readonly #seed: number;
  /** 128 bits. With 32, the streams would soon repeat each other. */
  readonly #state: Uint32Array;

  constructor(seed: number, stream = 0) {
    this.#seed = seed;
    this.#state = Uint32Array.of(seed, stream, 0x9e3779b9, 1);
    // Similar seeds give similar numbers at first.
    for (let i = 0; i < 16; i++) this.fraction();
  }

  /** A stream of its own, by number from 0. */
  fork(stream: number): Random {
    return new Random(this.#seed, stream + 1);
  }

  /** From 0 up to but not including 1 (sfc32). */
  fraction(): number {
    const state = this.#state;
    const [a, b, c, counter] = state;
    const sum = (a + b + counter) >>> 0;
    state[0] = b ^ (b >>> 9);
    state[1] = c + (c << 3);
    state[2] = ((c << 21) | (c >>> 11)) + sum;
    state[3] = counter + 1;
    return sum / 2 ** 32;
  }

  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.fraction() * (max - min + 1));
  }

  chance(share: number): boolean {
    return this.fraction() < share;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.between(0, items.length - 1)];
  }

  /** As many items as a number from `min` to `max`. */
  some<Item>(min: number, max: number, make: () => Item): Item[] {
    return Array.from({ length: this.between(min, max) }, make);
  }

  /** Random bytes, as a string with one character per byte. */
  bytes(length: number): string {
    let text = '';
    for (let i = 0; i < length; i++) text += String.fromCharCode(this.between(0, 255));
    return text;
  }

  /** A session token: 128 bits in base64url. */
  token(): string {
    return Buffer.from(this.bytes(16), 'latin1').toString('base64url');
  }
}
