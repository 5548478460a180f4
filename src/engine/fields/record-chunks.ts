import { Arena } from '../memory/arena.js';
import { column, longer, resized, shorter } from '../memory/column.js';
import { writeRecordLength } from './records.js';

/** The chunks of an arena that slots have their records in. */
export class RecordChunks {
  readonly arena: Arena;
  /** The address of each slot's record, or NOTHING. */
  #addresses = column(Uint32Array, 1024, RESERVED_SLOTS);

  /** @param maxSlabs See `Arena`. */
  constructor(maxSlabs?: number) {
    this.arena = new Arena((slot, address) => {
      this.#addresses[slot] = address;
    }, maxSlabs);
  }

  /** Returns the address of a slot's record, valid until a record is moved or removed, or NOTHING. */
  of(slot: number): number {
    return slot < this.#addresses.length ? this.#addresses[slot] : NOTHING;
  }

  /** Returns the buffer that a slot's record is in. */
  buffer(slot: number): Buffer {
    return this.arena.buffer(this.#addresses[slot]);
  }

  /** Returns the index in its buffer at which a slot's record starts. */
  start(slot: number): number {
    return this.arena.start(this.#addresses[slot]);
  }

  /** Returns the index in its buffer after a slot's record. */
  end(slot: number): number {
    const start = this.start(slot);
    return start + lengthAt(this.buffer(slot), start);
  }

  /**
   * Makes a record of `length` bytes, header included, for a slot that has none. Writes only its length. Returns where
   * it starts.
   */
  begin(slot: number, length: number): number {
    const address = this.arena.allocate(slot, length);
    this.#set(slot, address);
    const slab = this.arena.slab(address);
    const start = slab.start(address);
    writeRecordLength(slab.bytes, start, length);
    return start;
  }

  /** Replaces a slot's record, if it has one, by one that is complete: the chunk at `address`. */
  replace(slot: number, address: number): void {
    const former = this.of(slot);
    this.#set(slot, address);
    // This may move the new chunk too.
    if (former !== NOTHING) this.arena.free(former);
  }

  /** Removes a slot's record. */
  remove(slot: number): void {
    const address = this.#addresses[slot];
    this.#addresses[slot] = NOTHING;
    this.arena.free(address);
  }

  /**
   * Changes the length of a part of a slot's record. Moves the record to a chunk of another size if its chunk is too
   * small or much too large.
   * @param at Where the part starts in the record's buffer.
   * @returns Where the part starts now.
   */
  splice(slot: number, at: number, oldLength: number, newLength: number): number {
    const address = this.#addresses[slot];
    const slab = this.arena.slab(address);
    const from = slab.bytes;
    const start = slab.start(address);
    const length = lengthAt(from, start);
    const changed = length + newLength - oldLength;
    if (changed <= slab.room && (changed * 2 > slab.size || Arena.chunkSize(changed) * 2 > slab.size)) {
      from.copyWithin(at + newLength, at + oldLength, start + length);
      writeRecordLength(from, start, changed);
      return at;
    }
    const moved = this.arena.allocate(slot, changed);
    const to = this.arena.buffer(moved);
    const toStart = this.arena.start(moved);
    const head = at - start;
    from.copy(to, toStart, start, at);
    from.copy(to, toStart + head + newLength, at + oldLength, start + length);
    writeRecordLength(to, toStart, changed);
    this.replace(slot, moved);
    return this.start(slot) + head;
  }

  /** Frees some of the memory that slots below `slots` do not need. Returns whether there may be more. */
  trim(slots: number): boolean {
    this.arena.trim();
    const length = shorter(this.#addresses.length, slots);
    if (length === this.#addresses.length) return false;
    this.#addresses = resized(this.#addresses, length);
    return true;
  }

  #set(slot: number, address: number): void {
    if (slot >= this.#addresses.length) {
      this.#addresses = resized(this.#addresses, longer(this.#addresses.length, slot + 1));
    }
    this.#addresses[slot] = address;
  }
}

/** The address of a slot that has no record. */
export const NOTHING = 0;
/** The addresses can grow to this many slots in place. Beyond that, they are copied to twice the length. */
const RESERVED_SLOTS = 2 ** 25;

function lengthAt(bytes: Buffer, start: number): number {
  return bytes[start] | (bytes[start + 1] << 8);
}
