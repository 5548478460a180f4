/**
 * All chance in a soak comes from one seed, so that a run can be repeated, as far as what is sent goes: when it
 * arrives is up to the system. Every actor has a stream of its own, so that what it draws does not depend on when
 * the others get their turn.
 */
export class Random {
  readonly #seed: number;
  /** A generator with 32 bits of state would not do: the actors would soon draw what others have drawn. */
  readonly #state: Uint32Array;

  constructor(seed: number, actor = 0) {
    this.#seed = seed;
    this.#state = Uint32Array.of(seed, actor, 0x9e3779b9, 1);
    // Seeds that are alike begin alike.
    for (let i = 0; i < 16; i++) this.fraction();
  }

  /** A stream of its own for the actor of that number, from 0. */
  fork(actor: number): Random {
    return new Random(this.#seed, actor + 1);
  }

  /** From 0 to 1, without 1: sfc32. */
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

  /** A whole number, both ends included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.fraction() * (max - min + 1));
  }

  chance(share: number): boolean {
    return this.fraction() < share;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.between(0, items.length - 1)];
  }

  /** Any bytes, as a string with one character per byte. */
  bytes(length: number): string {
    let text = '';
    for (let i = 0; i < length; i++) text += String.fromCharCode(this.between(0, 255));
    return text;
  }

  /** A token as a client makes one: 128 bits as base64url. */
  token(): string {
    return Buffer.from(this.bytes(16), 'latin1').toString('base64url');
  }
}
