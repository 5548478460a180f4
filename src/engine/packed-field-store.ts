import { Slice } from '../slice.js';
import { Arena } from './arena.js';
import { column, longer, resized, shorter } from './column.js';
import type { Encoding, FieldStore } from './field-store.js';
import { MapFieldStore } from './map-field-store.js';

/**
 * A field store that keeps a session's keys and values in one packed record, outside V8's heap: a million
 * sessions are some hundred buffers instead of millions of objects that the garbage collector would walk.
 *
 * A record is a header, then each field: the lengths of key and value (a byte below 128, else two), the key,
 * the value. It is searched in order, as Redis' listpack is, which for a few fields is quicker than a hash map. A
 * session that outgrows the form (`MAX_FIELDS`, or the largest chunk of the arena) is promoted to a `Map`, where it stays
 * until it is cleared.
 */
export class PackedFieldStore implements FieldStore {
  readonly #arena = new Arena((slot, address) => {
    this.#addresses[slot] = address;
  });
  readonly #promoted = new MapFieldStore();
  /** Where the record of each slot is; NOTHING where there is none, PROMOTED where its fields are in a Map. */
  #addresses = column(Uint32Array, 1024, RESERVED_SLOTS);
  #keys = 0;
  #bytes = 0;

  // The field that `#find` found: of the buffer, where the field starts, and its parts.
  #at = 0;
  #keyAt = 0;
  #valueAt = 0;
  #end = 0;
  /** What `get` gives, made once. */
  readonly #value = new Slice(Buffer.alloc(0), 0, 0);

  get keys(): number {
    return this.#keys + this.#promoted.keys;
  }

  get bytes(): number {
    return this.#bytes + this.#promoted.bytes;
  }

  get memory(): number {
    return this.#arena.used + this.#promoted.memory;
  }

  count(slot: number): number {
    const address = this.#addressOf(slot);
    if (address === NOTHING) return 0;
    return address === PROMOTED ? this.#promoted.count(slot) : this.#fieldsIn(address);
  }

  size(slot: number): number {
    const address = this.#addressOf(slot);
    if (address === PROMOTED) return this.#promoted.size(slot);
    let bytes = 0;
    this.#walk(address, (key, value) => {
      bytes += key.length + value.length;
    });
    return bytes;
  }

  memoryOf(slot: number): number {
    const address = this.#addressOf(slot);
    if (address === NOTHING) return 0;
    return address === PROMOTED ? this.#promoted.memoryOf(slot) : this.#arena.size(address);
  }

  encoding(slot: number): Encoding {
    return this.#addressOf(slot) === PROMOTED ? 'hashed' : 'packed';
  }

  has(slot: number, key: Slice): boolean {
    const address = this.#addressOf(slot);
    return address === PROMOTED ? this.#promoted.has(slot, key) : this.#find(address, key);
  }

  get(slot: number, key: Slice): Slice | undefined {
    const address = this.#addressOf(slot);
    if (address === PROMOTED) return this.#promoted.get(slot, key);
    if (!this.#find(address, key)) return undefined;
    const value = this.#value;
    value.bytes = this.#arena.buffer(address);
    value.start = this.#valueAt;
    value.end = this.#end;
    return value;
  }

  read(slot: number, key: Slice, offset: number, length: number): Slice | undefined {
    const address = this.#addressOf(slot);
    if (address === PROMOTED) return this.#promoted.read(slot, key, offset, length);
    const value = this.get(slot, key);
    return value && partOf(value, offset, length);
  }

  valueLength(slot: number, key: Slice): number {
    const address = this.#addressOf(slot);
    if (address === PROMOTED) return this.#promoted.valueLength(slot, key);
    return this.#find(address, key) ? this.#end - this.#valueAt : 0;
  }

  fill(slot: number, pairs: readonly Slice[]): void {
    let used = RECORD;
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

  set(slot: number, key: Slice, value: Slice): void {
    const address = this.#addressOf(slot);
    if (address === PROMOTED) {
      this.#promoted.set(slot, key, value);
      return;
    }
    const found = this.#find(address, key);
    const grown = value.length - (found ? this.#end - this.#valueAt : -key.length);
    if (found && grown === 0) {
      value.writeTo(this.#arena.buffer(address), this.#valueAt);
      return;
    }
    const oldLength = found ? this.#end - this.#at : 0;
    const newLength = fieldLength(key, value);
    const fields = (address === NOTHING ? 0 : this.#fieldsIn(address)) + (found ? 0 : 1);
    const used = (address === NOTHING ? RECORD : this.#usedOf(address)) + newLength - oldLength;
    if (used > Arena.MAX_BYTES || fields > MAX_FIELDS) {
      this.#promote(slot);
      this.#promoted.set(slot, key, value);
      return;
    }
    const at = this.#replace(slot, this.#at, oldLength, newLength, fields);
    write(this.#arena.buffer(this.#addresses[slot]), at, key, value);
    this.#bytes += grown;
    if (!found) this.#keys++;
  }

  write(slot: number, key: Slice, offset: number, bytes: Slice): void {
    const address = this.#addressOf(slot);
    if (address === PROMOTED) {
      this.#promoted.write(slot, key, offset, bytes);
      return;
    }
    const isThere = this.#find(address, key);
    const length = isThere ? this.#end - this.#valueAt : 0;
    if (isThere && offset + bytes.length <= length) {
      bytes.writeTo(this.#arena.buffer(address), this.#valueAt + offset);
      return;
    }
    const whole = Buffer.alloc(Math.max(length, offset + bytes.length));
    if (isThere) this.#arena.buffer(address).copy(whole, 0, this.#valueAt, this.#end);
    bytes.writeTo(whole, offset);
    this.set(slot, key, Slice.of(whole));
  }

  delete(slot: number, key: Slice): boolean {
    const address = this.#addressOf(slot);
    if (address === PROMOTED) {
      const deleted = this.#promoted.delete(slot, key);
      if (this.#promoted.count(slot) === 0) this.#addresses[slot] = NOTHING;
      return deleted;
    }
    if (!this.#find(address, key)) return false;
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
    if (address === PROMOTED) {
      this.#addresses[slot] = NOTHING;
      return this.#promoted.clear(slot);
    }
    const count = this.#fieldsIn(address);
    this.#keys -= count;
    this.#bytes -= this.size(slot);
    this.#forget(slot, address);
    return count;
  }

  forEach(slot: number, visit: (key: Slice, value: Slice) => void): void {
    const address = this.#addressOf(slot);
    if (address === PROMOTED) this.#promoted.forEach(slot, visit);
    else this.#walk(address, visit);
  }

  forEachKey(slot: number, visit: (key: Slice) => void): void {
    const address = this.#addressOf(slot);
    if (address === PROMOTED) this.#promoted.forEachKey(slot, visit);
    else this.#walk(address, visit);
  }

  scanFields(slot: number, cursor: number, count: number, visit: (key: Slice, length: number) => void): number {
    const address = this.#addressOf(slot);
    if (address === PROMOTED) return this.#promoted.scanFields(slot, cursor, count, visit);
    if (cursor === 0) this.#walk(address, (key, value) => visit(key, value.length));
    return 0;
  }

  trim(slots: number): boolean {
    this.#arena.trim();
    const length = shorter(this.#addresses.length, slots);
    if (length === this.#addresses.length) return false;
    this.#addresses = resized(this.#addresses, length);
    return true;
  }

  #addressOf(slot: number): number {
    return slot < this.#addresses.length ? this.#addresses[slot] : NOTHING;
  }

  /** Bytes of a record, its header included. */
  #usedOf(address: number): number {
    const at = this.#arena.start(address);
    const bytes = this.#arena.buffer(address);
    return bytes[at] | (bytes[at + 1] << 8);
  }

  #fieldsIn(address: number): number {
    return this.#arena.buffer(address)[this.#arena.start(address) + 2];
  }

  /** Looks for a key. Where it is not in a record, the field found is an empty one at its end. */
  #find(address: number, key: Slice): boolean {
    if (address === NOTHING) return false;
    const bytes = this.#arena.buffer(address);
    const start = this.#arena.start(address);
    const end = start + (bytes[start] | (bytes[start + 1] << 8));
    const wanted = key.length;
    let at = start + RECORD;
    while (at < end) {
      let next = at;
      let keyLength = bytes[next++];
      if (keyLength >= 128) keyLength = ((keyLength & 127) << 8) | bytes[next++];
      let valueLength = bytes[next++];
      if (valueLength >= 128) valueLength = ((valueLength & 127) << 8) | bytes[next++];
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

  /** Visits the fields of a record; the slices are the same two each time. */
  #walk(address: number, visit: (key: Slice, value: Slice) => void): void {
    if (address === NOTHING) return;
    const bytes = this.#arena.buffer(address);
    const start = this.#arena.start(address);
    const end = start + this.#usedOf(address);
    const key = new Slice(bytes, 0, 0);
    const value = new Slice(bytes, 0, start + RECORD);
    while (value.end < end) {
      let next = value.end;
      let keyLength = bytes[next++];
      if (keyLength >= 128) keyLength = ((keyLength & 127) << 8) | bytes[next++];
      let valueLength = bytes[next++];
      if (valueLength >= 128) valueLength = ((valueLength & 127) << 8) | bytes[next++];
      key.start = next;
      key.end = next + keyLength;
      value.start = key.end;
      value.end = value.start + valueLength;
      visit(key, value);
    }
  }

  /**
   * Makes room in a slot's record for a field of another length, in a chunk of another size where that one is
   * too small, or much too large.
   * @param at Where the field starts in the record's buffer. @param fields How many the record has then.
   * @returns Where it starts now.
   */
  #replace(slot: number, at: number, oldLength: number, newLength: number, fields: number): number {
    const address = this.#addressOf(slot);
    if (address === NOTHING) {
      this.#begin(slot, RECORD + newLength, 1);
      return this.#at;
    }
    const from = this.#arena.buffer(address);
    const start = this.#arena.start(address);
    const used = this.#usedOf(address);
    const newUsed = used + newLength - oldLength;
    const head = at - start;
    if (newUsed <= this.#arena.room(address) && Arena.chunkSize(newUsed) * 2 > this.#arena.size(address)) {
      from.copyWithin(at + newLength, at + oldLength, start + used);
      header(from, start, newUsed, fields);
      return at;
    }
    const moved = this.#arena.allocate(slot, newUsed);
    const to = this.#arena.buffer(moved);
    const toStart = this.#arena.start(moved);
    from.copy(to, toStart + RECORD, start + RECORD, at);
    from.copy(to, toStart + head + newLength, at + oldLength, start + used);
    header(to, toStart, newUsed, fields);
    this.#addresses[slot] = moved;
    // This may move the new chunk as well.
    this.#arena.free(address);
    return this.#arena.start(this.#addresses[slot]) + head;
  }

  /** A record of so many bytes, header included, for the first fields of a slot: `#at` is where they start. Returns its buffer. */
  #begin(slot: number, used: number, fields: number): Buffer {
    if (slot >= this.#addresses.length) this.#growFor(slot);
    const address = this.#arena.allocate(slot, used);
    this.#addresses[slot] = address;
    const start = this.#arena.start(address);
    const bytes = this.#arena.buffer(address);
    header(bytes, start, used, fields);
    this.#at = start + RECORD;
    return bytes;
  }

  #growFor(slot: number): void {
    this.#addresses = resized(this.#addresses, longer(this.#addresses.length, slot + 1));
  }

  #promote(slot: number): void {
    const address = this.#addressOf(slot);
    this.forEach(slot, (key, value) => this.#promoted.set(slot, key, value));
    if (address === NOTHING) {
      if (slot >= this.#addresses.length) this.#growFor(slot);
    } else {
      this.clear(slot);
    }
    this.#addresses[slot] = PROMOTED;
  }

  #forget(slot: number, address: number): void {
    this.#addresses[slot] = NOTHING;
    this.#arena.free(address);
  }
}

/** The addresses of so many slots can grow where they are; beyond, they are copied to double. */
const RESERVED_SLOTS = 2 ** 25;
const NOTHING = 0;
const PROMOTED = 2 ** 32 - 1;
/** Fields of a packed record: a search looks at half of them, as a rule. */
const MAX_FIELDS = 64;
/** A record's header: two bytes for its length, one for how many fields. */
const RECORD = 3;

function header(bytes: Buffer, start: number, used: number, fields: number): void {
  bytes[start] = used & 255;
  bytes[start + 1] = used >>> 8;
  bytes[start + 2] = fields;
}

/** Bytes that a field takes. */
function fieldLength({ length: key }: Slice, { length: value }: Slice): number {
  return (key < 128 ? 1 : 2) + (value < 128 ? 1 : 2) + key + value;
}

/** What a value has from `offset` on, up to `length` bytes. */
function partOf(value: Slice, offset: number, length: number): Slice {
  const start = Math.min(value.end, value.start + offset);
  return new Slice(value.bytes, start, Math.min(value.end, start + length));
}

/** Whether a key comes twice. */
function hasTwice(pairs: readonly Slice[]): boolean {
  for (let i = 2; i < pairs.length; i += 2) {
    for (let j = 0; j < i; j += 2) if (pairs[i].equals(pairs[j])) return true;
  }
  return false;
}

/** Writes a field. Returns where it goes on. */
function write(bytes: Buffer, at: number, key: Slice, value: Slice): number {
  const keyAt = writeLength(bytes, writeLength(bytes, at, key.length), value.length);
  return value.writeTo(bytes, key.writeTo(bytes, keyAt));
}

/** Returns where it goes on. */
function writeLength(bytes: Buffer, at: number, length: number): number {
  if (length < 128) {
    bytes[at] = length;
    return at + 1;
  }
  bytes[at] = 128 | (length >>> 8);
  bytes[at + 1] = length & 255;
  return at + 2;
}
