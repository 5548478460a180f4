import { randomFillSync } from 'node:crypto';
import type { Slice } from '../../slice.js';

/**
 * HalfSipHash-1-3: a keyed hash of bytes to 32 bits, for tables whose entries clients choose. Without the key, nobody
 * can find many inputs with the same hash. (J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF",
 * 2012, in the variant for 32-bit words of their reference code, with the number of rounds that Linux uses for hash
 * tables.)
 */
export class KeyedHash {
  readonly #key0: number;
  readonly #key1: number;

  /** @param key Two words. Random if left out. */
  constructor(key: Uint32Array = randomFillSync(new Uint32Array(2))) {
    [this.#key0, this.#key1] = key;
  }

  /** Returns the hash of the bytes as a signed 32-bit integer. */
  of({ bytes, start, end }: Slice): number {
    let v0 = this.#key0 | 0;
    let v1 = this.#key1 | 0;
    let v2 = this.#key0 ^ 0x6c796765;
    let v3 = this.#key1 ^ 0x74656462;
    const length = end - start;
    const whole = start + (length & ~3);
    // The last word holds the remaining bytes, with the length in its top byte.
    let last = length << 24;
    for (let at = end - 1; at >= whole; at--) last |= bytes[at] << (8 * (at - whole));
    // One round per word, then three without a word, in one loop body: that keeps the function small enough for V8 to
    // inline.
    const words = (whole - start) / 4 + 1;
    for (let word = 0; word < words + 3; word++) {
      const at = start + word * 4;
      const message =
        word < words - 1
          ? bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
          : word === words - 1
            ? last
            : 0;
      if (word === words) v2 ^= 0xff;
      v3 ^= message;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= message;
    }
    return v1 ^ v3;
  }
}
