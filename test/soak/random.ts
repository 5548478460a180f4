/**
 * All chance in a soak comes from one seed, so that a run can be repeated, as far as what is sent goes: when it
 * arrives is up to the system. Every actor has a stream of its own, so that what it draws does not depend on when
 * the others get their turn.
 */
export class Random {
  readonly #seed: number;
  #state: number;

  constructor(seed: number) {
    this.#seed = seed >>> 0;
    this.#state = this.#seed;
  }

  /** A stream of its own for the actor of that number. */
  fork(actor: number): Random {
    const fork = new Random(this.#seed ^ Math.imul(actor + 1, 0x9e3779b1));
    // Seeds that are alike begin alike.
    for (let i = 0; i < 4; i++) fork.fraction();
    return fork;
  }

  /** From 0 to 1, without 1: mulberry32. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
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
