import { hash } from 'node:crypto';
import { formatToken, parseToken, randomToken, TOKEN_WORDS } from '../../../engine/tokens/token.js';
import type { Slice } from '../../../slice.js';

/** How many partitions a store gets unless the operator says otherwise. */
export const DEFAULT_PARTITIONS = 256;
/** A token's partition is computed from its first 12 bits. */
export const MAX_PARTITIONS = 4096;

/** How far the first word of a token is shifted to the right to get its first 12 bits. */
const SHIFT = 20;

/** Says which partition something belongs to. */
export interface Places {
  /** How many partitions there are. */
  readonly count: number;
  ofToken(token: Slice): number;
  ofName(name: Uint8Array): number;
}

/**
 * The partitions of a store. All that belongs to a session is in the partition of its token, and the index of a name in
 * the partition of the name. Each partition is on one node.
 */
export class Partitions implements Places {
  readonly count: number;
  readonly #words = new Uint32Array(TOKEN_WORDS);

  /** @param count From 1 to `MAX_PARTITIONS`. */
  constructor(count: number) {
    this.count = count;
  }

  /** Returns the partition of a token, or -1 if it is malformed. */
  ofToken(token: Slice): number {
    return parseToken(token, this.#words) ? (this.#words[0] >>> SHIFT) % this.count : -1;
  }

  /** Returns the partition of a name: the first 32 bits of its SHA-1, modulo the number of partitions. */
  ofName(name: Uint8Array): number {
    // In hexadecimal digits, because making a buffer would take twice as long.
    return Number.parseInt(hash('sha1', name, 'hex').slice(0, 8), 16) % this.count;
  }

  /** Returns a random partition. */
  any(): number {
    randomToken(this.#words);
    return (this.#words[0] >>> SHIFT) % this.count;
  }

  /**
   * Returns a token of a partition. It is random except for the bits that determine its partition: with 256 partitions,
   * 120 of its 128 bits are random.
   */
  newTokenIn(partition: number): string {
    randomToken(this.#words);
    return this.#inside(partition);
  }

  /**
   * Returns a token of a partition and, usually, one of another partition, otherwise an empty text. Only one of them
   * may be used, because they have random bits in common.
   */
  newTokens(partition: number): [inside: string, outside: string] {
    randomToken(this.#words);
    const isOutside = (this.#words[0] >>> SHIFT) % this.count !== partition;
    const outside = isOutside ? formatToken(this.#words).latin1() : '';
    return [this.#inside(partition), outside];
  }

  /** Changes the token in `#words` so that it belongs to a partition, and returns it. */
  #inside(partition: number): string {
    const words = this.#words;
    const bits = words[0] >>> SHIFT;
    const inside = bits - (bits % this.count) + partition;
    const first = inside < MAX_PARTITIONS ? inside : inside - this.count;
    words[0] = ((first << SHIFT) | (words[0] & ((1 << SHIFT) - 1))) >>> 0;
    return formatToken(words).latin1();
  }
}
