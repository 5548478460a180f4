import { type Cipher, createCipheriv } from 'node:crypto';
import { keyFor } from './key-for.js';
import { TOKEN_WORDS } from './token.js';

/** Bytes in a token, which is one block of the cipher. */
export const BLOCK = TOKEN_WORDS * 4;
/** Bytes in a public id. */
const ID_BYTES = 8;

/**
 * Computes the public ids of sessions. An id identifies a session among those of its name, and opens nothing.
 *
 * An id is the first half of the AES-256 encryption of the token that the session was **created** with, under a key
 * derived from the server's secret. A token is exactly one block, so the cipher is a pseudorandom function of it:
 * without the key, an id says nothing about the token; and half of the output does not lead back to the input even
 * with the key. The ids of many sessions are computed in one call, which takes far less time than an HMAC for each.
 */
export class IdCipher {
  readonly #cipher: Cipher;

  constructor(secret: Uint8Array) {
    // ECB is safe here: each block is a separate input of the pseudorandom function.
    this.#cipher = createCipheriv('aes-256-ecb', keyFor(secret, 'respite public id', 32), null);
  }

  /** Returns as many blocks as it is given tokens. Each starts with the id of its token. */
  encrypt(tokens: Uint8Array): Buffer {
    return this.#cipher.update(tokens);
  }
}

/** Returns the id that starts at `at`. */
export function idAt(ids: Buffer, at: number): string {
  return ids.toString('base64url', at, at + ID_BYTES);
}
