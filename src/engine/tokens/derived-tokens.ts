import { type Cipher, createCipheriv, createHmac, hkdfSync } from 'node:crypto';
import type { Slice } from '../../slice.js';
import { KeyedHash } from '../tables/keyed-hash.js';
import { TOKEN_WORDS } from './token.js';

/**
 * The tokens of shared sessions: each follows from the session's name under the server's secret, and leads back to it.
 *
 * The first three words are HMAC-SHA-256 of the name, cut to 96 bits. The fourth is the *locator*, a keyed 32-bit hash of the name, XORed
 * with a *mask*: 32 bits of AES-256 of the first three words. As with a synthetic IV, what is unpredictable about the three hides
 * the fourth, so all 128 bits look random without the secret. With the secret, one block of AES gives the locator of any token. It is the
 * hash by which the name index finds names, so the names that a token may belong to (nearly always none or one) are
 * found as fast as a name is, however many names there are. The token of each is then derived and compared in full.
 *
 * So a shared session can be created without its token: an HMAC takes longer than all the rest of a `SET`.
 */
export class DerivedTokens {
  /** Gives the locator of a name. */
  readonly locator: KeyedHash;
  readonly #secret: Uint8Array;
  readonly #cipher: Cipher;
  /** The three words, and zeros. */
  readonly #block = Buffer.alloc(16);
  #derivations = 0;

  constructor(secret: Uint8Array) {
    this.#secret = secret;
    // Each purpose has a key of its own: names are anybody's choice, and must not make an HMAC that serves as a key or a mask.
    const keyFor = (purpose: string, bytes: number) => Buffer.from(hkdfSync('sha256', secret, '', purpose, bytes));
    // One block at a time, under one key: a pseudorandom function of it.
    this.#cipher = createCipheriv('aes-256-ecb', keyFor('respite token mask', 32), null);
    const key = keyFor('respite name locator', 8);
    this.locator = new KeyedHash(Uint32Array.of(key.readUInt32LE(0), key.readUInt32LE(4)));
  }

  /** Fills `words` with the token of the shared session of a name. */
  derive(name: Slice, words: Uint32Array): void {
    this.#derivations++;
    const digest = createHmac('sha256', this.#secret).update(name.toBuffer()).digest();
    for (let i = 0; i < TOKEN_WORDS - 1; i++) words[i] = digest.readUInt32BE(i * 4);
    words[TOKEN_WORDS - 1] = this.locator.of(name) ^ this.#mask(words);
  }

  /** The locator of the name that a token is derived from, as a signed integer of 32 bits. Of any other token, some number. */
  locatorIn(words: Uint32Array): number {
    return words[TOKEN_WORDS - 1] ^ this.#mask(words);
  }

  /** How many tokens were derived. */
  get derivations(): number {
    return this.#derivations;
  }

  #mask(words: Uint32Array): number {
    for (let i = 0; i < TOKEN_WORDS - 1; i++) this.#block.writeUInt32BE(words[i], i * 4);
    return this.#cipher.update(this.#block).readInt32BE(0);
  }
}
