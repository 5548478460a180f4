import { type Cipher, createCipheriv, createHmac } from 'node:crypto';
import type { Slice } from '../../slice.js';
import { KeyedHash } from '../tables/keyed-hash.js';
import { keyFor } from './key-for.js';
import { TOKEN_WORDS } from './token.js';

/**
 * Derives the tokens of shared sessions. A token is computed from the session's name and the server's secret, and leads
 * back to the name.
 *
 * The first three words are the HMAC-SHA-256 of the name, cut to 96 bits. The fourth is the *locator*, a keyed 32-bit
 * hash of the name, XORed with a *mask*: 32 bits of the AES-256 encryption of the first three words. As with a
 * synthetic IV, the three unpredictable words hide the fourth, so all 128 bits look random without the secret. With the
 * secret, one AES block gives the locator of any token. The name index finds names by the same hash, so the names that
 * a token may belong to (nearly always none or one) are found as fast as a name, however many names there are. The
 * token of each is then derived and compared in full.
 *
 * So a shared session can be created without its token, which saves an HMAC: that takes longer than the rest of a
 * `SET`.
 */
export class DerivedTokens {
  /** The hash that gives a name's locator. */
  readonly locator: KeyedHash;
  readonly #secret: Uint8Array;
  readonly #cipher: Cipher;
  /** The first three words of a token, then zeros. */
  readonly #block = Buffer.alloc(16);
  #derivations = 0;

  constructor(secret: Uint8Array) {
    this.#secret = secret;
    // ECB is safe here: it encrypts single blocks under one key, as a pseudorandom function.
    this.#cipher = createCipheriv('aes-256-ecb', keyFor(secret, 'respite token mask', 32), null);
    const key = keyFor(secret, 'respite name locator', 8);
    this.locator = new KeyedHash(Uint32Array.of(key.readUInt32LE(0), key.readUInt32LE(4)));
  }

  /** Fills `words` with the token of the shared session called `name`. */
  derive(name: Slice, words: Uint32Array): void {
    this.#derivations++;
    const digest = createHmac('sha256', this.#secret).update(name.toBuffer()).digest();
    for (let i = 0; i < TOKEN_WORDS - 1; i++) words[i] = digest.readUInt32BE(i * 4);
    words[TOKEN_WORDS - 1] = this.locator.of(name) ^ this.#mask(words);
  }

  /**
   * Returns the locator of the name that a token was derived from, as a signed 32-bit integer. For any other token, the
   * result is arbitrary.
   */
  locatorIn(words: Uint32Array): number {
    return words[TOKEN_WORDS - 1] ^ this.#mask(words);
  }

  /** The number of tokens derived so far. */
  get derivations(): number {
    return this.#derivations;
  }

  #mask(words: Uint32Array): number {
    for (let i = 0; i < TOKEN_WORDS - 1; i++) this.#block.writeUInt32BE(words[i], i * 4);
    return this.#cipher.update(this.#block).readInt32BE(0);
  }
}
