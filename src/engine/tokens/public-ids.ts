import type { Slice } from '../../slice.js';
import { Flag, type SlotTable } from '../tables/slot-table.js';
import { BLOCK, IdCipher, idAt } from './id-cipher.js';
import { TOKEN_WORDS } from './token.js';

/** Characters in a public id: 64 bits in base64url. */
export const ID_LENGTH = 11;
/** The most sessions whose ids are computed at once. */
export const IDS_AT_ONCE = 64;

/**
 * The public ids of sessions. They are computed from the tokens that the sessions were created with (`IdCipher`), so an
 * id takes no memory. Only a session that no longer has its first token, because it was rotated, keeps its id in a
 * column of the slot table.
 */
export class PublicIds {
  readonly #slots: SlotTable;
  readonly #derive: (slot: number, words: Uint32Array) => void;
  readonly #cipher: IdCipher;
  readonly #blocks = Buffer.alloc(IDS_AT_ONCE * BLOCK);
  readonly #words = new Uint32Array(TOKEN_WORDS);

  /** @param derive Fills `words` with the token of a shared session. */
  constructor(secret: Uint8Array, slots: SlotTable, derive: (slot: number, words: Uint32Array) => void) {
    this.#slots = slots;
    this.#derive = derive;
    this.#cipher = new IdCipher(secret);
  }

  /** Returns the id of a session. */
  of(slot: number): string {
    return idAt(this.#idsOf([slot]), 0);
  }

  /** Returns the ids of some sessions, in less time than one by one. */
  ofAll(slots: readonly number[]): string[] {
    const all: string[] = [];
    for (let i = 0; i < slots.length; i += IDS_AT_ONCE) {
      const ids = this.#idsOf(slots.slice(i, i + IDS_AT_ONCE));
      for (let at = 0; at < ids.length; at += BLOCK) all.push(idAt(ids, at));
    }
    return all;
  }

  /** Visits those of up to `IDS_AT_ONCE` sessions whose ids are in the set. */
  forEachIn(wanted: PublicIdSet, slots: readonly number[], visit: (slot: number) => void): void {
    const ids = this.#idsOf(slots);
    for (let i = 0; i < slots.length; i++) if (wanted.hasAt(ids, i * BLOCK)) visit(slots[i]);
  }

  /** Makes a session keep its id. Call this before it gets another token. */
  keep(slot: number): void {
    if ((this.#slots.flags(slot) & Flag.KeptId) !== 0) return;
    const ids = this.#idsOf([slot]);
    this.#slots.keepId(slot, ids.readUInt32BE(0), ids.readUInt32BE(4));
  }

  /** Gives a session the id that it had. Returns false if `id` is not an id. */
  restore(slot: number, id: Slice): boolean {
    const bytes = bytesOf(id);
    if (bytes === undefined) return false;
    this.#slots.keepId(slot, bytes.readUInt32BE(0), bytes.readUInt32BE(4));
    return true;
  }

  /** Returns the ids of some sessions, one at the start of each block. */
  #idsOf(slots: readonly number[]): Buffer {
    for (let i = 0; i < slots.length; i++) this.#writeToken(slots[i], i * BLOCK);
    const ids = this.#cipher.encrypt(this.#blocks.subarray(0, slots.length * BLOCK));
    // The tokens are credentials: they must not stay here.
    this.#blocks.fill(0, 0, slots.length * BLOCK);
    for (let i = 0; i < slots.length; i++) {
      if ((this.#slots.flags(slots[i]) & Flag.KeptId) === 0) continue;
      ids.writeUInt32BE(this.#slots.idHigh(slots[i]), i * BLOCK);
      ids.writeUInt32BE(this.#slots.idLow(slots[i]), i * BLOCK + 4);
    }
    return ids;
  }

  #writeToken(slot: number, at: number): void {
    const isTokenless = (this.#slots.flags(slot) & Flag.Tokenless) !== 0;
    if (isTokenless) this.#derive(slot, this.#words);
    const words = isTokenless ? this.#words : this.#slots.token;
    const first = isTokenless ? 0 : slot * TOKEN_WORDS;
    for (let word = 0; word < TOKEN_WORDS; word++) this.#blocks.writeUInt32BE(words[first + word], at + word * 4);
  }
}

/** Ids that clients sent. */
export class PublicIdSet {
  /** By the first 32 bits, the last 32 bits of each id. Looking an id up allocates nothing. */
  readonly #lows = new Map<number, Set<number>>();

  /** Adds an id. Anything else is ignored: it is the id of no session. */
  add(id: Slice): void {
    const bytes = bytesOf(id);
    if (bytes === undefined) return;
    const high = bytes.readInt32BE(0);
    const lows = this.#lows.get(high);
    if (lows === undefined) this.#lows.set(high, new Set([bytes.readInt32BE(4)]));
    else lows.add(bytes.readInt32BE(4));
  }

  get isEmpty(): boolean {
    return this.#lows.size === 0;
  }

  /** Returns whether the set has the id that starts at `at`. */
  hasAt(bytes: Buffer, at: number): boolean {
    return this.#lows.get(bytes.readInt32BE(at))?.has(bytes.readInt32BE(at + 4)) ?? false;
  }
}

/** Whether `text` is a well-formed public id. */
export function isPublicId(text: Slice): boolean {
  return bytesOf(text) !== undefined;
}

/** Returns the 64 bits of an id, or undefined if the text is not an id. */
function bytesOf(id: Slice): Buffer | undefined {
  if (id.length !== ID_LENGTH) return undefined;
  const text = id.latin1();
  const bytes = Buffer.from(text, 'base64url');
  // Every id has only one spelling.
  return bytes.toString('base64url') === text ? bytes : undefined;
}
