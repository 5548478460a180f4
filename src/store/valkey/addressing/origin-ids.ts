import { BLOCK, IdCipher, idAt } from '../../../engine/tokens/id-cipher.js';
import type { PublicIdSet } from '../../../engine/tokens/public-ids.js';
import { originIn } from './member.js';

/**
 * The public ids of sessions. They are computed as in the memory store, from the tokens with which the sessions were
 * created, so they are never stored.
 */
export class OriginIds {
  readonly #cipher: IdCipher;

  /** @param secret The secret of the store. */
  constructor(secret: Uint8Array) {
    this.#cipher = new IdCipher(secret);
  }

  /** Returns the public id of each session. @param origins Ids, or the tokens with which the sessions were created. */
  ofAll(origins: readonly Buffer[]): string[] {
    const ids = this.#encrypt(origins);
    return origins.map((_, i) => idAt(ids, i * BLOCK));
  }

  /** Returns the sessions whose public ids are in a set. */
  among(origins: readonly Buffer[], wanted: PublicIdSet): Buffer[] {
    const ids = this.#encrypt(origins);
    return origins.filter((_, i) => wanted.hasAt(ids, i * BLOCK));
  }

  #encrypt(origins: readonly Buffer[]): Buffer {
    const tokens = Buffer.alloc(origins.length * BLOCK);
    for (const [i, origin] of origins.entries()) tokens.write(originIn(origin).latin1(), i * BLOCK, 'base64url');
    return this.#cipher.encrypt(tokens);
  }
}
