import { createHmac } from 'node:crypto';

/** Bytes in a token. */
const TOKEN_BYTES = 16;

/**
 * Derives the tokens of shared sessions: the HMAC-SHA-256 of the name under the store's secret, cut to 128 bits. All
 * processes of a store have the same secret.
 */
export class SharedTokens {
  readonly #secret: Uint8Array;

  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /** Returns the token of the shared session with a name. */
  of(name: Uint8Array): string {
    return createHmac('sha256', this.#secret).update(name).digest().toString('base64url', 0, TOKEN_BYTES);
  }
}
