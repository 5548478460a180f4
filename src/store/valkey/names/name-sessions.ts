import { PublicIdSet } from '../../../engine/index.js';
import type { Slice } from '../../../slice.js';
import type { OriginIds } from '../addressing/origin-ids.js';
import type { Ending } from './ending.js';
import type { NameIndexes } from './name-indexes.js';

/** How many entries of an index are read at a time. */
const PAGE = 512;

/** Operations on all sessions with a name, page by page. */
export class NameSessions {
  readonly #names: NameIndexes;
  readonly #ending: Ending;
  readonly #ids: OriginIds;

  constructor(names: NameIndexes, ending: Ending, ids: OriginIds) {
    this.#names = names;
    this.#ending = ending;
    this.#ids = ids;
  }

  /** Returns the tokens of all of them, oldest first, without separators. */
  async tokens(name: Buffer): Promise<Buffer> {
    const tokens: Buffer[] = [];
    for await (const entries of this.#names.pages(name, PAGE)) {
      for (const token of await this.#names.tokens(entries)) if (token !== null) tokens.push(token);
    }
    return Buffer.concat(tokens);
  }

  /** Returns whether there are any. */
  async isAny(name: Buffer): Promise<boolean> {
    for await (const entries of this.#names.pages(name, PAGE)) {
      if ((await this.#names.tokens(entries)).some((token) => token !== null)) return true;
    }
    return false;
  }

  /** Ends all of them. Returns how many there were. */
  async end(name: Buffer): Promise<number> {
    let ended = 0;
    for await (const entries of this.#names.pages(name, PAGE)) ended += await this.#ending.byId(entries, 'ended');
    return ended;
  }

  /** Ends those that have one of the public ids. Returns how many there were. */
  async endByIds(name: Buffer, ids: readonly Slice[]): Promise<number> {
    const wanted = new PublicIdSet();
    for (const id of ids) wanted.add(id);
    if (wanted.isEmpty) return 0;
    let ended = 0;
    for await (const entries of this.#names.pages(name, PAGE)) {
      ended += await this.#ending.byId(this.#ids.among(entries, wanted), 'ended');
    }
    return ended;
  }

  /** Ends the oldest ones until `limit` are left. Entries whose sessions have already ended do not count. */
  async limit(name: Buffer, limit: number): Promise<void> {
    const live: Buffer[] = [];
    for await (const entries of this.#names.pages(name, PAGE)) {
      const tokens = await this.#names.tokens(entries);
      for (const [i, entry] of entries.entries()) if (tokens[i] !== null) live.push(entry);
    }
    if (live.length > limit) await this.#ending.byId(live.slice(0, live.length - limit), 'limit');
  }
}
