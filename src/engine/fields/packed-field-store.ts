import { Slice } from '../../slice.js';
import { Arena, type ArenaMemory } from '../memory/arena.js';
import { NO_BYTES } from '../memory/slab-space.js';
import type { Encoding, FieldStore } from './field-store.js';
import { HashedFields } from './hashed-fields.js';
import { lengthBytes, writeLength } from './lengths.js';
import { type Order, SortedOrder } from './order.js';
import { NOTHING, RecordChunks } from './record-chunks.js';
import {
  fieldLength,
  PACKED_HEADER,
  Records,
  SHAPED_HEADER,
  valueLength,
  writeField,
  writeFieldCount,
  writeRecordLength,
  writeShape,
  writeValue,
} from './records.js';
import { parseScore } from './scores.js';
import { type Shape, Shapes, type ShapeTotals } from './shapes.js';

/**
 * A field store that keeps a session's keys and values in one packed record, outside V8's heap. A million sessions take
 * a few large buffers, instead of millions of objects for the garbage collector to walk. `Records` describes and reads
 * the records; this class changes them.
 *
 * Sessions of one kind have the same keys. Their records are **shaped**: the keys are kept once, in `Shapes`. A session
 * gets a shape when its keys are set and the shape exists, or was seen often enough. When a key is added or deleted, it
 * gets another shape or, if there is none, is packed with its keys.
 *
 * A session with more than `MAX_FIELDS` fields, or more bytes than the arena's largest chunk holds, is **promoted**:
 * its fields move to a hash table, also outside V8's heap, and its record only holds the session's number there. The
 * session is packed again when it gets new fields after it was cleared, or when its only value is set to a short enough
 * one.
 */
export class PackedFieldStore implements FieldStore {
  readonly #chunks: RecordChunks;
  readonly #arena: Arena;
  readonly #hashed: HashedFields;
  readonly #shapes: Shapes;
  readonly #records: Records;
  #keys = 0;
  #bytes = 0;
  /** The slice that `get` returns, reused. */
  readonly #value = new Slice(NO_BYTES, 0, 0);

  /**
   * @param onRemoved Called when something was removed that `trim` and `reclaim` can free.
   * @param maxSlabs The maximum number of slabs of each arena. By default the arena's own limit.
   * @param seed See `Shapes`. Random by default, so that nobody can know which lists of keys collide.
   */
  constructor(onRemoved: () => void = () => {}, maxSlabs?: number, seed?: number) {
    this.#chunks = new RecordChunks(maxSlabs);
    this.#arena = this.#chunks.arena;
    this.#hashed = new HashedFields(onRemoved, maxSlabs);
    this.#shapes = new Shapes(seed);
    this.#records = new Records(this.#arena, this.#shapes);
  }

  get keys(): number {
    return this.#keys + this.#hashed.keys;
  }

  get bytes(): number {
    return this.#bytes + this.#hashed.bytes;
  }

  get memory(): number {
    return this.#arena.used + this.#shapes.memory + this.#hashed.memory;
  }

  get arenas(): readonly ArenaMemory[] {
    return [this.#arena, this.#hashed.arena];
  }

  get isFull(): boolean {
    return this.#arena.isFull || this.#hashed.isFull;
  }

  shapes(): ShapeTotals {
    return this.#shapes.totals();
  }

  count(slot: number): number {
    const address = this.#chunks.of(slot);
    if (address === NOTHING) return 0;
    const fields = this.#records.fieldsIn(address);
    return fields > 0 ? fields : this.#hashed.count(this.#records.sessionAt(address));
  }

  size(slot: number): number {
    const address = this.#chunks.of(slot);
    if (address === NOTHING) return 0;
    if (this.#isHashed(address)) return this.#hashed.bytesOf(this.#records.sessionAt(address));
    return this.#records.bytesIn(address);
  }

  memoryOf(slot: number): number {
    const address = this.#chunks.of(slot);
    if (address === NOTHING) return 0;
    const record = this.#arena.size(address);
    return this.#isHashed(address) ? record + this.#hashed.memoryOf(this.#records.sessionAt(address)) : record;
  }

  encoding(slot: number): Encoding {
    return this.#isHashed(this.#chunks.of(slot)) ? 'hashed' : 'packed';
  }

  has(slot: number, key: Slice): boolean {
    const address = this.#chunks.of(slot);
    if (address === NOTHING) return false;
    if (this.#records.find(address, key)) return true;
    return this.#isHashed(address) && this.#hashed.has(this.#records.sessionAt(address), key);
  }

  get(slot: number, key: Slice): Slice | undefined {
    const address = this.#chunks.of(slot);
    if (address === NOTHING) return undefined;
    const records = this.#records;
    if (!records.find(address, key)) {
      return this.#isHashed(address) ? this.#hashed.get(records.sessionAt(address), key) : undefined;
    }
    const value = this.#value;
    value.bytes = this.#arena.buffer(address);
    value.start = records.valueAt;
    value.end = records.end;
    return value;
  }

  read(slot: number, key: Slice, offset: number, length: number): Slice | undefined {
    const address = this.#chunks.of(slot);
    if (this.#isHashed(address)) return this.#hashed.read(this.#records.sessionAt(address), key, offset, length);
    const value = this.get(slot, key);
    return value && partOf(value, offset, length);
  }

  valueLength(slot: number, key: Slice): number {
    const address = this.#chunks.of(slot);
    if (address === NOTHING) return 0;
    const records = this.#records;
    if (records.find(address, key)) return records.end - records.valueAt;
    return this.#isHashed(address) ? this.#hashed.valueLength(records.sessionAt(address), key) : 0;
  }

  fill(slot: number, pairs: readonly Slice[]): void {
    if (pairs.length === 0) return;
    const used = packedLength(pairs);
    // The keys of a shape differ, which need not be checked again.
    let shape = this.#shapes.find(pairs, 2);
    const isPackable = used <= Arena.MAX_BYTES && pairs.length <= MAX_FIELDS * 2;
    if (!isPackable || (shape === undefined && hasTwice(pairs))) {
      for (let i = 0; i < pairs.length; i += 2) this.set(slot, pairs[i], pairs[i + 1]);
      return;
    }
    shape ??= this.#shapes.findOrMake(pairs, 2);
    if (shape === undefined) this.#fillPacked(slot, pairs, used);
    else this.#fillShaped(slot, pairs, used - shape.saves, shape);
    this.#keys += pairs.length / 2;
  }

  #fillPacked(slot: number, pairs: readonly Slice[], used: number): void {
    const start = this.#chunks.begin(slot, used);
    const bytes = this.#chunks.buffer(slot);
    writeFieldCount(bytes, start, pairs.length / 2);
    let at = start + PACKED_HEADER;
    for (let i = 0; i < pairs.length; i += 2) {
      at = writeField(bytes, at, pairs[i], pairs[i + 1]);
      this.#bytes += pairs[i].length + pairs[i + 1].length;
    }
  }

  #fillShaped(slot: number, pairs: readonly Slice[], used: number, shape: Shape): void {
    const start = this.#chunks.begin(slot, used);
    const bytes = this.#chunks.buffer(slot);
    writeShape(bytes, start, shape);
    this.#shapes.retain(shape);
    let at = start + SHAPED_HEADER;
    this.#bytes += shape.keyBytes;
    for (let i = 1; i < pairs.length; i += 2) {
      at = writeValue(bytes, at, pairs[i]);
      this.#bytes += pairs[i].length;
    }
  }

  copy(from: number, to: number): void {
    const address = this.#chunks.of(from);
    if (address === NOTHING) return;
    if (this.#isHashed(address)) this.#copyHashed(from, to);
    else this.#copyRecord(address, to);
  }

  #copyRecord(address: number, to: number): void {
    const records = this.#records;
    const used = records.lengthOf(address);
    const at = this.#chunks.begin(to, used);
    const start = this.#arena.start(address);
    this.#arena.buffer(address).copy(this.#chunks.buffer(to), at, start, start + used);
    const shape = records.shapeOf(address);
    if (shape !== undefined) this.#shapes.retain(shape);
    this.#keys += records.fieldsIn(address);
    this.#bytes += records.bytesIn(address);
  }

  #copyHashed(from: number, to: number): void {
    const hashed = this.#hashed;
    const session = this.#records.sessionAt(this.#chunks.of(from));
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
    const address = this.#chunks.of(slot);
    const records = this.#records;
    if (address === NOTHING || !records.find(address, key)) {
      this.#add(slot, address, key, value);
      return;
    }
    const { at, valueAt, end } = records;
    const grown = value.length - (end - valueAt);
    if (grown === 0) {
      value.writeTo(this.#arena.buffer(address), valueAt);
      return;
    }
    const isShaped = records.shapeOf(address) !== undefined;
    const length = isShaped ? valueLength(value) : fieldLength(key, value);
    if (records.packedLengthOf(address) + length - (end - at) > Arena.MAX_BYTES) {
      this.#hashed.set(this.#promote(slot), key, value);
      return;
    }
    const to = this.#chunks.splice(slot, at, end - at, length);
    const bytes = this.#chunks.buffer(slot);
    if (isShaped) writeValue(bytes, to, value);
    else writeField(bytes, to, key, value);
    this.#bytes += grown;
  }

  /** Adds a field that the slot does not have. */
  #add(slot: number, address: number, key: Slice, value: Slice): void {
    const records = this.#records;
    if (address === NOTHING) {
      this.#addFirst(slot, key, value);
    } else if (records.isHashed(address)) {
      this.#setHashed(slot, address, key, value);
    } else if (
      records.packedLengthOf(address) + fieldLength(key, value) > Arena.MAX_BYTES ||
      records.fieldsIn(address) === MAX_FIELDS
    ) {
      this.#hashed.set(this.#promote(slot), key, value);
    } else {
      this.#append(slot, address, key, value);
      this.#keys++;
      this.#bytes += key.length + value.length;
    }
  }

  #addFirst(slot: number, key: Slice, value: Slice): void {
    if (PACKED_HEADER + fieldLength(key, value) > Arena.MAX_BYTES) this.#hashed.set(this.#promote(slot), key, value);
    else this.fill(slot, [key, value]);
  }

  /** Appends a field to a packed or shaped record. */
  #append(slot: number, address: number, key: Slice, value: Slice): void {
    const records = this.#records;
    const shape = records.shapeOf(address);
    const next = shape && this.#shapes.with(shape, key);
    if (shape !== undefined && next !== undefined) {
      const at = this.#chunks.splice(slot, this.#chunks.end(slot), 0, valueLength(value));
      writeValue(this.#chunks.buffer(slot), at, value);
      this.#setShape(slot, shape, next);
      return;
    }
    const packed = shape === undefined ? address : this.#unshape(slot, shape);
    const fields = records.fieldsIn(packed) + 1;
    const at = this.#chunks.splice(slot, this.#chunks.end(slot), 0, fieldLength(key, value));
    this.#writeField(slot, at, key, value, fields);
    // The shape that it would get was looked for already.
    if (shape === undefined) this.#shape(slot);
  }

  #writeField(slot: number, at: number, key: Slice, value: Slice, fields: number): void {
    const bytes = this.#chunks.buffer(slot);
    writeField(bytes, at, key, value);
    writeFieldCount(bytes, this.#chunks.start(slot), fields);
  }

  write(slot: number, key: Slice, offset: number, bytes: Slice): void {
    const address = this.#chunks.of(slot);
    const records = this.#records;
    if (this.#isHashed(address)) {
      this.#hashed.write(records.sessionAt(address), key, offset, bytes);
      return;
    }
    const newLength = offset + bytes.length;
    if (address === NOTHING || !records.find(address, key)) {
      this.set(slot, key, offset === 0 ? bytes : overwritten(EMPTY, offset, bytes));
      return;
    }
    const { at, valueAt, end } = records;
    const length = end - valueAt;
    if (newLength <= length) {
      bytes.writeTo(this.#arena.buffer(address), valueAt + offset);
      return;
    }
    const grown = newLength - length;
    const longer = lengthBytes(newLength) - lengthBytes(length);
    if (records.packedLengthOf(address) + grown + longer > Arena.MAX_BYTES) {
      this.#hashed.write(this.#promote(slot), key, offset, bytes);
      return;
    }
    if (longer > 0) {
      this.set(slot, key, overwritten(this.get(slot, key) as Slice, offset, bytes));
      return;
    }
    // Makes room after the value. What precedes that stays.
    const lengthAt = at + (records.shapeOf(address) === undefined ? lengthBytes(key.length) : 0);
    const moved = this.#chunks.splice(slot, end, 0, grown) - end;
    const buffer = this.#chunks.buffer(slot);
    writeLength(buffer, lengthAt + moved, newLength);
    const gap = end + moved;
    const to = valueAt + moved + offset;
    if (to > gap) buffer.fill(0, gap, to);
    bytes.writeTo(buffer, to);
    this.#bytes += grown;
  }

  delete(slot: number, key: Slice): boolean {
    const address = this.#chunks.of(slot);
    const records = this.#records;
    if (address === NOTHING) return false;
    if (!records.find(address, key)) {
      if (!this.#isHashed(address)) return false;
      const session = records.sessionAt(address);
      const deleted = this.#hashed.delete(session, key);
      if (this.#hashed.count(session) === 0) this.clear(slot);
      return deleted;
    }
    const bytes = key.length + records.end - records.valueAt;
    if (records.fieldsIn(address) === 1) this.#forget(slot, address);
    else this.#remove(slot, address, key);
    this.#keys--;
    this.#bytes -= bytes;
    return true;
  }

  /** Removes the field that was found from a packed or shaped record, which has others. */
  #remove(slot: number, address: number, key: Slice): void {
    const records = this.#records;
    const shape = records.shapeOf(address);
    const next = shape && this.#shapes.without(shape, shape.placeOf(key));
    if (shape !== undefined && next !== undefined) {
      this.#chunks.splice(slot, records.at, records.end - records.at, 0);
      this.#setShape(slot, shape, next);
      return;
    }
    if (shape !== undefined) records.find(this.#unshape(slot, shape), key);
    const fields = records.fieldsIn(this.#chunks.of(slot)) - 1;
    this.#chunks.splice(slot, records.at, records.end - records.at, 0);
    writeFieldCount(this.#chunks.buffer(slot), this.#chunks.start(slot), fields);
  }

  clear(slot: number): number {
    const address = this.#chunks.of(slot);
    if (address === NOTHING) return 0;
    let count = this.#records.fieldsIn(address);
    if (count > 0) {
      this.#keys -= count;
      this.#bytes -= this.#records.bytesIn(address);
    } else {
      count = this.#hashed.end(this.#records.sessionAt(address));
    }
    this.#forget(slot, address);
    return count;
  }

  forEach(slot: number, visit: (key: Slice, value: Slice) => void): void {
    const address = this.#chunks.of(slot);
    if (this.#isHashed(address)) this.#hashed.forEach(this.#records.sessionAt(address), visit);
    else if (address !== NOTHING) this.#records.walk(address, visit);
  }

  forEachKey(slot: number, visit: (key: Slice) => void): void {
    const address = this.#chunks.of(slot);
    if (this.#isHashed(address)) this.#hashed.forEachKey(this.#records.sessionAt(address), visit);
    else if (address !== NOTHING) this.#records.walk(address, visit);
  }

  keyAt(slot: number, place: number): Slice {
    const address = this.#chunks.of(slot);
    if (this.#isHashed(address)) return this.#hashed.keyAt(this.#records.sessionAt(address), place);
    let left = place;
    let found = EMPTY;
    this.#records.walk(address, (key) => {
      if (left-- === 0) found = new Slice(key.bytes, key.start, key.end);
    });
    return found;
  }

  scanFields(slot: number, cursor: number, count: number, visit: (key: Slice, length: number) => void): number {
    const address = this.#chunks.of(slot);
    if (this.#isHashed(address)) return this.#hashed.scan(this.#records.sessionAt(address), cursor, count, visit);
    if (address !== NOTHING) this.#records.walk(address, (key, value) => visit(key, value.length));
    return 0;
  }

  keepOrder(slot: number): boolean {
    const address = this.#chunks.of(slot);
    if (this.#isHashed(address)) return this.#hashed.keepOrder(this.#records.sessionAt(address));
    let areScores = true;
    this.forEach(slot, (_, value) => {
      if (Number.isNaN(parseScore(value))) areScores = false;
    });
    return areScores;
  }

  *keepOrderInSteps(slot: number): Generator<void, boolean> {
    const address = this.#chunks.of(slot);
    if (!this.#isHashed(address)) return this.keepOrder(slot);
    return yield* this.#hashed.keepOrderInSteps(this.#records.sessionAt(address));
  }

  orderOf(slot: number): Order {
    const address = this.#chunks.of(slot);
    if (this.#isHashed(address)) return this.#hashed.orderOf(this.#records.sessionAt(address));
    const order = new SortedOrder();
    this.forEach(slot, ({ bytes, start, end }, value) => order.add(new Slice(bytes, start, end), value));
    order.sort();
    return order;
  }

  reclaim(): boolean {
    return this.#hashed.reclaim();
  }

  trim(slots: number): boolean {
    // A view would keep its memory alive.
    this.#value.bytes = NO_BYTES;
    if (this.#hashed.trim()) return true;
    this.#shapes.trim();
    return this.#chunks.trim(slots);
  }

  #isHashed(address: number): boolean {
    return address !== NOTHING && this.#records.isHashed(address);
  }

  /** Gives a shaped record another shape, whose keys its values already match. */
  #setShape(slot: number, former: Shape, shape: Shape): void {
    writeShape(this.#chunks.buffer(slot), this.#chunks.start(slot), shape);
    this.#shapes.retain(shape);
    this.#shapes.release(former);
  }

  /** Gives a packed record a shape, if there is one for its keys or they were seen often enough. */
  #shape(slot: number): void {
    const address = this.#chunks.of(slot);
    const records = this.#records;
    const shape = this.#shapes.ofHash(records.hashOfKeys(address), () => {
      const keys: Slice[] = [];
      records.walk(address, ({ bytes, start, end }) => keys.push(new Slice(bytes, start, end)));
      return keys;
    });
    if (shape === undefined) return;
    const length = records.lengthOf(address) - shape.saves;
    let shaped: number;
    try {
      shaped = this.#arena.allocate(slot, length);
    } catch {
      // Without memory for another record, it stays packed.
      return;
    }
    const bytes = this.#arena.buffer(shaped);
    const start = this.#arena.start(shaped);
    writeRecordLength(bytes, start, length);
    writeShape(bytes, start, shape);
    let at = start + SHAPED_HEADER;
    records.walk(address, (_, value) => {
      at = writeValue(bytes, at, value);
    });
    this.#shapes.retain(shape);
    this.#chunks.replace(slot, shaped);
  }

  /** Packs a shaped record. Returns its new address. */
  #unshape(slot: number, shape: Shape): number {
    const address = this.#chunks.of(slot);
    const records = this.#records;
    const length = records.packedLengthOf(address);
    const packed = this.#arena.allocate(slot, length);
    const bytes = this.#arena.buffer(packed);
    const start = this.#arena.start(packed);
    writeRecordLength(bytes, start, length);
    writeFieldCount(bytes, start, shape.keys.length);
    let at = start + PACKED_HEADER;
    records.walk(address, (key, value) => {
      at = writeField(bytes, at, key, value);
    });
    this.#shapes.release(shape);
    this.#chunks.replace(slot, packed);
    return this.#chunks.of(slot);
  }

  /** Sets a field of a hashed session. A session whose only field becomes short enough is packed again. */
  #setHashed(slot: number, address: number, key: Slice, value: Slice): void {
    const session = this.#records.sessionAt(address);
    const used = PACKED_HEADER + fieldLength(key, value);
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
      record = this.#arena.allocate(slot, PACKED_HEADER + 4);
    } catch (error) {
      hashed.end(session);
      throw error;
    }
    const start = this.#arena.start(record);
    const bytes = this.#arena.buffer(record);
    writeRecordLength(bytes, start, 0);
    writeFieldCount(bytes, start, 0);
    bytes.writeUInt32LE(session, start + PACKED_HEADER);
    const address = this.#chunks.of(slot);
    if (address !== NOTHING) {
      this.#keys -= this.#records.fieldsIn(address);
      this.#bytes -= this.#records.bytesIn(address);
      this.#releaseShape(address);
    }
    this.#chunks.replace(slot, record);
    return session;
  }

  #forget(slot: number, address: number): void {
    this.#releaseShape(address);
    this.#chunks.remove(slot);
  }

  #releaseShape(address: number): void {
    const shape = this.#records.shapeOf(address);
    if (shape !== undefined) this.#shapes.release(shape);
  }
}

const EMPTY = Slice.of('');
/** The most fields in a packed record: a search looks at half of them on average. */
const MAX_FIELDS = 64;
/** Returns the bytes of a packed record with these keys and values. */
function packedLength(pairs: readonly Slice[]): number {
  let sum = PACKED_HEADER;
  for (let i = 0; i < pairs.length; i += 2) sum += fieldLength(pairs[i], pairs[i + 1]);
  return sum;
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
