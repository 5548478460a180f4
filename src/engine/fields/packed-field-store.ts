import { Slice } from '../../slice.js';
import { Arena, type ArenaMemory } from '../memory/arena.js';
import { column, longer, resized, shorter } from '../memory/column.js';
import { NO_BYTES } from '../memory/slab-space.js';
import type { Encoding, FieldStore } from './field-store.js';
import { HashedFields } from './hashed-fields.js';

/**
 * A field store that keeps a session's keys and values in one packed record, outside V8's heap. A million sessions take
 * a few large buffers, instead of millions of objects for the garbage collector to walk.
 *
 * A record is a header, then the fields. A field consists of the lengths of its key and value (one byte each below 128,
 * else two or three), the key, and the value. A record is searched in order, as Redis' listpack is; for a few fields
 * that is faster than a hash map. A session with more than `MAX_FIELDS` fields, or more bytes than the arena's largest
 * chunk holds, is promoted: its fields move to a hash table, also outside V8's heap, and its record only holds the
 * session's number there. The session is packed again when it gets new fields after it was cleared, or when its only
 * value is set to a short enough one.
 */
export class PackedFieldStore implements FieldStore {
  readonly #arena: Arena;
  readonly #hashed: HashedFields;
  /** The address of each slot's record, or NOTHING. */
  #addresses = column(Uint32Array, 1024, RESERVED_SLOTS);
  #keys = 0;
  #bytes = 0;

  // The field that `#find` found, as indices in the buffer: where the field starts, where its key and value start, and
  // where the field ends.
  #at = 0;
  #keyAt = 0;
  #valueAt = 0;
  #end = 0;
  /** The slice that `get` returns, reused. */
  readonly #value = new Slice(NO_BYTES, 0, 0);

  /**
   * @param onRemoved Called when something was removed that `trim` and `reclaim` can free.
   * @param maxSlabs The maximum number of slabs of each arena. By default the arena's own limit.
   */
  constructor(onRemoved: () => void = () => {}, maxSlabs?: number) {
    this.#arena = new Arena((slot, address) => {
      this.#addresses[slot] = address;
    }, maxSlabs);
    this.#hashed = new HashedFields(onRemoved, maxSlabs);
  }

  get keys(): number {
    return this.#keys + this.#hashed.keys;
  }

  get bytes(): number {
    return this.#bytes + this.#hashed.bytes;
  }

  get memory(): number {
    return this.#arena.used + this.#hashed.memory;
  }

  get arenas(): readonly ArenaMemory[] {
    return [this.#arena, this.#hashed.arena];
  }

  get isFull(): boolean {
    return this.#arena.isFull || this.#hashed.isFull;
  }

  count(slot: number): number {
    const address = this.#addressOf(slot);
    if (address === NOTHING) return 0;
    const fields = this.#fieldsIn(address);
    return fields > 0 ? fields : this.#hashed.count(this.#sessionAt(address));
  }

  size(slot: number): number {
    const address = this.#addressOf(slot);
    if (this.#isHashed(address)) return this.#hashed.bytesOf(this.#sessionAt(address));
    return this.#bytesIn(address);
  }

  memoryOf(slot: number): number {
    const address = this.#addressOf(slot);
    if (address === NOTHING) return 0;
    const record = this.#arena.size(address);
    return this.#isHashed(address) ? record + this.#hashed.memoryOf(this.#sessionAt(address)) : record;
  }

  encoding(slot: number): Encoding {
    return this.#isHashed(this.#addressOf(slot)) ? 'hashed' : 'packed';
  }

  has(slot: number, key: Slice): boolean {
    const address = this.#addressOf(slot);
    if (this.#find(address, key)) return true;
    return this.#isHashed(address) && this.#hashed.has(this.#sessionAt(address), key);
  }

  get(slot: number, key: Slice): Slice | undefined {
    const address = this.#addressOf(slot);
    if (!this.#find(address, key)) {
      return this.#isHashed(address) ? this.#hashed.get(this.#sessionAt(address), key) : undefined;
    }
    const value = this.#value;
    value.bytes = this.#arena.buffer(address);
    value.start = this.#valueAt;
    value.end = this.#end;
    return value;
  }

  read(slot: number, key: Slice, offset: number, length: number): Slice | undefined {
    const address = this.#addressOf(slot);
    if (this.#isHashed(address)) return this.#hashed.read(this.#sessionAt(address), key, offset, length);
    const value = this.get(slot, key);
    return value && partOf(value, offset, length);
  }

  valueLength(slot: number, key: Slice): number {
    const address = this.#addressOf(slot);
    if (this.#find(address, key)) return this.#end - this.#valueAt;
    return this.#isHashed(address) ? this.#hashed.valueLength(this.#sessionAt(address), key) : 0;
  }

  fill(slot: number, pairs: readonly Slice[]): void {
    let used = HEADER_BYTES;
    for (let i = 0; i < pairs.length; i += 2) used += fieldLength(pairs[i], pairs[i + 1]);
    const fields = pairs.length / 2;
    if (used > Arena.MAX_BYTES || fields > MAX_FIELDS || hasTwice(pairs)) {
      for (let i = 0; i < pairs.length; i += 2) this.set(slot, pairs[i], pairs[i + 1]);
      return;
    }
    if (fields === 0) return;
    const bytes = this.#begin(slot, used, fields);
    let at = this.#at;
    for (let i = 0; i < pairs.length; i += 2) {
      at = write(bytes, at, pairs[i], pairs[i + 1]);
      this.#bytes += pairs[i].length + pairs[i + 1].length;
    }
    this.#keys += fields;
  }

  copy(from: number, to: number): void {
    const address = this.#addressOf(from);
    if (address === NOTHING) return;
    if (this.#isHashed(address)) this.#copyHashed(from, to);
    else this.#copyPacked(address, to);
  }

  #copyPacked(address: number, to: number): void {
    const used = this.#usedOf(address);
    const fields = this.#fieldsIn(address);
    const bytes = this.#begin(to, used, fields);
    const start = this.#arena.start(address);
    this.#arena.buffer(address).copy(bytes, this.#at, start + HEADER_BYTES, start + used);
    this.#keys += fields;
    this.#bytes += this.#bytesIn(address);
  }

  #copyHashed(from: number, to: number): void {
    const hashed = this.#hashed;
    const session = this.#sessionAt(this.#addressOf(from));
    if (hashed.count(session) > MAX_FIELDS || hashed.bytesOf(session) > Arena.MAX_BYTES) {
      hashed.copy(session, this.#promote(to));
      return;
    }
    // These few fields may fit in a record.
    const pairs: Slice[] = [];
    hashed.forEach(session, (key, value) => pairs.push(Slice.of(key.copy()), Slice.of(value.copy())));
    this.fill(to, pairs);
  }

  set(slot: number, key: Slice, value: Slice): void {
    const address = this.#addressOf(slot);
    const found = this.#find(address, key);
    const grown = value.length - (found ? this.#end - this.#valueAt : -key.length);
    if (found && grown === 0) {
      value.writeTo(this.#arena.buffer(address), this.#valueAt);
      return;
    }
    const oldUsed = address === NOTHING ? HEADER_BYTES : this.#usedOf(address);
    if (oldUsed === HASHED) {
      this.#setHashed(slot, address, key, value);
      return;
    }
    const oldLength = found ? this.#end - this.#at : 0;
    const newLength = fieldLength(key, value);
    const fields = (address === NOTHING ? 0 : this.#fieldsIn(address)) + (found ? 0 : 1);
    const used = oldUsed + newLength - oldLength;
    if (used > Arena.MAX_BYTES || fields > MAX_FIELDS) {
      this.#hashed.set(this.#promote(slot), key, value);
      return;
    }
    const at = this.#replace(slot, this.#at, oldLength, newLength, fields);
    write(this.#arena.buffer(this.#addresses[slot]), at, key, value);
    this.#bytes += grown;
    if (!found) this.#keys++;
  }

  write(slot: number, key: Slice, offset: number, bytes: Slice): void {
    const address = this.#addressOf(slot);
    if (this.#isHashed(address)) {
      this.#hashed.write(this.#sessionAt(address), key, offset, bytes);
      return;
    }
    const end = offset + bytes.length;
    if (!this.#find(address, key)) {
      this.set(slot, key, offset === 0 ? bytes : overwritten(EMPTY, offset, bytes));
      return;
    }
    const length = this.#end - this.#valueAt;
    if (end <= length) {
      bytes.writeTo(this.#arena.buffer(address), this.#valueAt + offset);
      return;
    }
    const grown = end - length;
    if (this.#usedOf(address) + grown + lengthBytes(end) - lengthBytes(length) > Arena.MAX_BYTES) {
      this.#hashed.write(this.#promote(slot), key, offset, bytes);
      return;
    }
    if (lengthBytes(end) !== lengthBytes(length)) {
      this.set(slot, key, overwritten(this.get(slot, key) as Slice, offset, bytes));
      return;
    }
    // Makes room after the value. What precedes that stays.
    const head = this.#keyAt - this.#at - lengthBytes(length);
    const before = this.#end - this.#at;
    const at = this.#replace(slot, this.#end, 0, grown, this.#fieldsIn(address)) - before;
    const buffer = this.#arena.buffer(this.#addresses[slot]);
    writeLength(buffer, at + head, end);
    const valueEnd = at + before;
    const start = valueEnd - length + offset;
    if (start > valueEnd) buffer.fill(0, valueEnd, start);
    bytes.writeTo(buffer, start);
    this.#bytes += grown;
  }

  delete(slot: number, key: Slice): boolean {
    const address = this.#addressOf(slot);
    if (!this.#find(address, key)) {
      if (!this.#isHashed(address)) return false;
      const session = this.#sessionAt(address);
      const deleted = this.#hashed.delete(session, key);
      if (this.#hashed.count(session) === 0) this.clear(slot);
      return deleted;
    }
    this.#keys--;
    this.#bytes -= this.#end - this.#keyAt;
    const fields = this.#fieldsIn(address) - 1;
    if (fields > 0) this.#replace(slot, this.#at, this.#end - this.#at, 0, fields);
    else this.#forget(slot, address);
    return true;
  }

  clear(slot: number): number {
    const address = this.#addressOf(slot);
    if (address === NOTHING) return 0;
    let count = this.#fieldsIn(address);
    if (count > 0) {
      this.#keys -= count;
      this.#bytes -= this.#bytesIn(address);
    } else {
      count = this.#hashed.end(this.#sessionAt(address));
    }
    this.#forget(slot, address);
    return count;
  }

  forEach(slot: number, visit: (key: Slice, value: Slice) => void): void {
    const address = this.#addressOf(slot);
    if (this.#isHashed(address)) this.#hashed.forEach(this.#sessionAt(address), visit);
    else this.#walk(address, visit);
  }

  forEachKey(slot: number, visit: (key: Slice) => void): void {
    const address = this.#addressOf(slot);
    if (this.#isHashed(address)) this.#hashed.forEachKey(this.#sessionAt(address), visit);
    else this.#walk(address, visit);
  }

  keyAt(slot: number, place: number): Slice {
    const address = this.#addressOf(slot);
    if (this.#isHashed(address)) return this.#hashed.keyAt(this.#sessionAt(address), place);
    let left = place;
    let found = EMPTY;
    this.#walk(address, (key) => {
      if (left-- === 0) found = new Slice(key.bytes, key.start, key.end);
    });
    return found;
  }

  scanFields(slot: number, cursor: number, count: number, visit: (key: Slice, length: number) => void): number {
    const address = this.#addressOf(slot);
    if (this.#isHashed(address)) return this.#hashed.scan(this.#sessionAt(address), cursor, count, visit);
    this.#walk(address, (key, value) => visit(key, value.length));
    return 0;
  }

  reclaim(): boolean {
    return this.#hashed.reclaim();
  }

  trim(slots: number): boolean {
    // A view would keep its memory alive.
    this.#value.bytes = NO_BYTES;
    if (this.#hashed.trim()) return true;
    this.#arena.trim();
    const length = shorter(this.#addresses.length, slots);
    if (length === this.#addresses.length) return false;
    this.#addresses = resized(this.#addresses, length);
    return true;
  }

  #addressOf(slot: number): number {
    return slot < this.#addresses.length ? this.#addresses[slot] : NOTHING;
  }

  /** Returns the bytes of a record, header included, or `HASHED` if the record only holds a session's number. */
  #usedOf(address: number): number {
    const slab = this.#arena.slab(address);
    const { bytes } = slab;
    const at = slab.start(address);
    return bytes[at] | (bytes[at + 1] << 8);
  }

  #fieldsIn(address: number): number {
    const slab = this.#arena.slab(address);
    return slab.bytes[slab.start(address) + 2];
  }

  /** Whether the session is hashed: its record has no fields. */
  #isHashed(address: number): boolean {
    return address !== NOTHING && this.#fieldsIn(address) === 0;
  }

  /** Returns the number of a hashed session, which its record holds. */
  #sessionAt(address: number): number {
    return this.#arena.buffer(address).readUInt32LE(this.#arena.start(address) + HEADER_BYTES);
  }

  /** Looks for a key. If the record does not have it, the field found is an empty one at the end of the record. */
  #find(address: number, key: Slice): boolean {
    if (address === NOTHING) return false;
    const slab = this.#arena.slab(address);
    const { bytes } = slab;
    const start = slab.start(address);
    const end = start + (bytes[start] | (bytes[start + 1] << 8));
    const wanted = key.length;
    let at = start + HEADER_BYTES;
    while (at < end) {
      let next = at;
      let keyLength = bytes[next++];
      if (keyLength >= 128) {
        if (keyLength < THREE_BYTES) keyLength = ((keyLength & 127) << 8) | bytes[next++];
        else keyLength = bytes[next++] | (bytes[next++] << 8);
      }
      let valueLength = bytes[next++];
      if (valueLength >= 128) {
        if (valueLength < THREE_BYTES) valueLength = ((valueLength & 127) << 8) | bytes[next++];
        else valueLength = bytes[next++] | (bytes[next++] << 8);
      }
      const valueAt = next + keyLength;
      if (keyLength === wanted && key.isAt(bytes, next)) {
        this.#at = at;
        this.#keyAt = next;
        this.#valueAt = valueAt;
        this.#end = valueAt + valueLength;
        return true;
      }
      at = valueAt + valueLength;
    }
    this.#at = end;
    return false;
  }

  /** Returns the bytes in the keys and values of a record. */
  #bytesIn(address: number): number {
    if (address === NOTHING) return 0;
    const slab = this.#arena.slab(address);
    const { bytes } = slab;
    const start = slab.start(address);
    const end = start + (bytes[start] | (bytes[start + 1] << 8));
    let sum = 0;
    for (let at = start + HEADER_BYTES; at < end; ) {
      let keyLength = bytes[at++];
      if (keyLength >= 128) {
        if (keyLength < THREE_BYTES) keyLength = ((keyLength & 127) << 8) | bytes[at++];
        else keyLength = bytes[at++] | (bytes[at++] << 8);
      }
      let valueLength = bytes[at++];
      if (valueLength >= 128) {
        if (valueLength < THREE_BYTES) valueLength = ((valueLength & 127) << 8) | bytes[at++];
        else valueLength = bytes[at++] | (bytes[at++] << 8);
      }
      at += keyLength + valueLength;
      sum += keyLength + valueLength;
    }
    return sum;
  }

  /** Visits the fields of a record. The visitor gets the same two slices each time. */
  #walk(address: number, visit: (key: Slice, value: Slice) => void): void {
    if (address === NOTHING) return;
    const bytes = this.#arena.buffer(address);
    const start = this.#arena.start(address);
    const end = start + this.#usedOf(address);
    const key = new Slice(bytes, 0, 0);
    const value = new Slice(bytes, 0, start + HEADER_BYTES);
    while (value.end < end) {
      let next = value.end;
      let keyLength = bytes[next++];
      if (keyLength >= 128) {
        if (keyLength < THREE_BYTES) keyLength = ((keyLength & 127) << 8) | bytes[next++];
        else keyLength = bytes[next++] | (bytes[next++] << 8);
      }
      let valueLength = bytes[next++];
      if (valueLength >= 128) {
        if (valueLength < THREE_BYTES) valueLength = ((valueLength & 127) << 8) | bytes[next++];
        else valueLength = bytes[next++] | (bytes[next++] << 8);
      }
      key.start = next;
      key.end = next + keyLength;
      value.start = key.end;
      value.end = value.start + valueLength;
      visit(key, value);
    }
  }

  /**
   * Changes the length of a field in a slot's record. Moves the record to a chunk of another size if its chunk is too
   * small or much too large.
   * @param at Where the field starts in the record's buffer.
   * @param fields How many fields the record has afterwards.
   * @returns Where the field starts now.
   */
  #replace(slot: number, at: number, oldLength: number, newLength: number, fields: number): number {
    const address = this.#addressOf(slot);
    if (address === NOTHING) {
      this.#begin(slot, HEADER_BYTES + newLength, 1);
      return this.#at;
    }
    const slab = this.#arena.slab(address);
    const from = slab.bytes;
    const start = slab.start(address);
    const used = from[start] | (from[start + 1] << 8);
    const newUsed = used + newLength - oldLength;
    const head = at - start;
    if (newUsed <= slab.room && (newUsed * 2 > slab.size || Arena.chunkSize(newUsed) * 2 > slab.size)) {
      from.copyWithin(at + newLength, at + oldLength, start + used);
      header(from, start, newUsed, fields);
      return at;
    }
    const moved = this.#arena.allocate(slot, newUsed);
    const to = this.#arena.buffer(moved);
    const toStart = this.#arena.start(moved);
    from.copy(to, toStart + HEADER_BYTES, start + HEADER_BYTES, at);
    from.copy(to, toStart + head + newLength, at + oldLength, start + used);
    header(to, toStart, newUsed, fields);
    this.#addresses[slot] = moved;
    // This may move the new chunk too.
    this.#arena.free(address);
    return this.#arena.start(this.#addresses[slot]) + head;
  }

  /**
   * Makes the record for the first fields of a slot: `used` bytes, header included. Sets `#at` to where the fields
   * start. Returns its buffer.
   */
  #begin(slot: number, used: number, fields: number): Buffer {
    if (slot >= this.#addresses.length) this.#growFor(slot);
    const address = this.#arena.allocate(slot, used);
    this.#addresses[slot] = address;
    const start = this.#arena.start(address);
    const bytes = this.#arena.buffer(address);
    header(bytes, start, used, fields);
    this.#at = start + HEADER_BYTES;
    return bytes;
  }

  #growFor(slot: number): void {
    this.#addresses = resized(this.#addresses, longer(this.#addresses.length, slot + 1));
  }

  /** Sets a field of a hashed session. A session whose only field becomes short enough is packed again. */
  #setHashed(slot: number, address: number, key: Slice, value: Slice): void {
    const session = this.#sessionAt(address);
    const used = HEADER_BYTES + fieldLength(key, value);
    if (used <= Arena.MAX_BYTES && this.#hashed.count(session) === 1 && this.#hashed.has(session, key)) {
      this.clear(slot);
      this.set(slot, key, value);
    } else {
      this.#hashed.set(session, key, value);
    }
  }

  /** Moves the fields of a slot to the hash table. Returns the session's number there. */
  #promote(slot: number): number {
    const hashed = this.#hashed;
    const session = hashed.begin();
    let record: number;
    try {
      this.forEach(slot, (key, value) => hashed.set(session, key, value));
      record = this.#arena.allocate(slot, HEADER_BYTES + 4);
    } catch (error) {
      hashed.end(session);
      throw error;
    }
    const start = this.#arena.start(record);
    const bytes = this.#arena.buffer(record);
    header(bytes, start, HASHED, 0);
    bytes.writeUInt32LE(session, start + HEADER_BYTES);
    const address = this.#addressOf(slot);
    if (address === NOTHING) {
      if (slot >= this.#addresses.length) this.#growFor(slot);
      this.#addresses[slot] = record;
    } else {
      this.#keys -= this.#fieldsIn(address);
      this.#bytes -= this.#bytesIn(address);
      this.#addresses[slot] = record;
      // This may move the new record too.
      this.#arena.free(address);
    }
    return session;
  }

  #forget(slot: number, address: number): void {
    this.#addresses[slot] = NOTHING;
    this.#arena.free(address);
  }
}

/** The addresses can grow to this many slots in place. Beyond that, they are copied to twice the length. */
const RESERVED_SLOTS = 2 ** 25;
const NOTHING = 0;
const EMPTY = Slice.of('');
/** The most fields in a packed record: a search looks at half of them on average. */
const MAX_FIELDS = 64;
/** Bytes of a record's header: two for the record's length, one for the number of fields. */
const HEADER_BYTES = 3;
/** The length in the header of a hashed session's record. */
const HASHED = 0;

function header(bytes: Buffer, start: number, used: number, fields: number): void {
  bytes[start] = used & 255;
  bytes[start + 1] = used >>> 8;
  bytes[start + 2] = fields;
}

/** Returns the bytes that a field takes. */
function fieldLength({ length: key }: Slice, { length: value }: Slice): number {
  return lengthBytes(key) + lengthBytes(value) + key + value;
}

/** Returns up to `length` bytes of a value from `offset` on. */
function partOf(value: Slice, offset: number, length: number): Slice {
  const start = Math.min(value.end, value.start + offset);
  return new Slice(value.bytes, start, Math.min(value.end, start + length));
}

/** Returns a copy of a value with `part` written at `offset`. Any gap before `offset` is zero bytes. */
function overwritten(value: Slice, offset: number, part: Slice): Slice {
  const bytes = Buffer.alloc(Math.max(value.length, offset + part.length));
  value.writeTo(bytes, 0);
  part.writeTo(bytes, offset);
  return Slice.of(bytes);
}

/** Whether a key occurs twice. */
function hasTwice(pairs: readonly Slice[]): boolean {
  for (let i = 2; i < pairs.length; i += 2) {
    for (let j = 0; j < i; j += 2) if (pairs[i].equals(pairs[j])) return true;
  }
  return false;
}

/** Writes a field. Returns the index after it. */
function write(bytes: Buffer, at: number, key: Slice, value: Slice): number {
  const keyAt = writeLength(bytes, writeLength(bytes, at, key.length), value.length);
  return value.writeTo(bytes, key.writeTo(bytes, keyAt));
}

/**
 * The first byte of a length that takes three bytes: the other two follow, lower one first. A first byte from 128 to
 * 254 means that the length takes two bytes: 128 plus its upper byte, then its lower byte.
 */
const THREE_BYTES = 255;
/** The smallest length that takes three bytes. */
const LONG = (THREE_BYTES & 127) << 8;

/** Returns the bytes that a length takes. */
function lengthBytes(length: number): number {
  return length < 128 ? 1 : length < LONG ? 2 : 3;
}

/** Writes a length. Returns the index after it. */
function writeLength(bytes: Buffer, at: number, length: number): number {
  if (length < 128) {
    bytes[at] = length;
    return at + 1;
  }
  if (length < LONG) {
    bytes[at] = 128 | (length >>> 8);
    bytes[at + 1] = length & 255;
    return at + 2;
  }
  bytes[at] = THREE_BYTES;
  bytes[at + 1] = length & 255;
  bytes[at + 2] = length >>> 8;
  return at + 3;
}
