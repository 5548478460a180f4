import type { Slice } from '../../slice.js';
import type { EngineParts } from '../engine-parts.js';
import { parseToken, TOKEN_WORDS } from '../tokens/token.js';

/**
 * The sessions that are restored next. `fetch` reads their places in the two indexes, so that these are in the
 * processor's cache when the sessions are added. With a million sessions, each place is a cache miss. Adding the
 * sessions one by one would wait for each miss in turn; in a short loop that only reads, the misses overlap.
 */
export class Foreseen {
  /** The most sessions that are remembered. */
  static readonly MOST = 32;

  readonly #parts: Pick<EngineParts, 'tokens' | 'names'>;
  readonly #words = new Uint32Array(TOKEN_WORDS);
  readonly #tokens = new Int32Array(Foreseen.MOST);
  readonly #names = new Int32Array(Foreseen.MOST);
  #tokenCount = 0;
  #nameCount = 0;
  /** Depends on everything that was read, because V8 optimizes away reads whose results are not used. */
  #sum = 0;

  constructor(parts: Pick<EngineParts, 'tokens' | 'names'>) {
    this.#parts = parts;
  }

  /** Adds a session. The arguments need not be valid. */
  add(token: Slice, name: Slice): void {
    if (this.#nameCount === Foreseen.MOST) return;
    const { tokens, names } = this.#parts;
    if (parseToken(token, this.#words)) this.#tokens[this.#tokenCount++] = tokens.hash(this.#words);
    this.#names[this.#nameCount++] = names.hash(name);
  }

  /** Reads their places, and forgets the sessions. */
  fetch(): void {
    const { tokens, names } = this.#parts;
    this.#sum ^= tokens.fetch(this.#tokens, this.#tokenCount) ^ names.fetch(this.#names, this.#nameCount);
    this.#tokenCount = 0;
    this.#nameCount = 0;
  }
}
