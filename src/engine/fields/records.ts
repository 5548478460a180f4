import { Slice } from '../../slice.js';
import type { Arena } from '../memory/arena.js';
import { lengthBytes, THREE_BYTES, writeLength } from './lengths.js';
import { hashKey, type Shape, type Shapes } from './shapes.js';

/**
 * Reads the records of sessions, which are in chunks of an arena. A record is a header, then the fields:
 *
 * - **packed**: the header is the record's length in two bytes and the number of fields in one. A field consists of the
 *   lengths of its key and value, the key, and the value.
 * - **shaped**: the header is the record's length in two bytes and the number of the session's shape in two, with the
 *   highest bit set. The shape has the keys, so a field is only the length of the value, and the value.
 * - **hashed**: the header is that of a packed record with a length and a number of fields of 0. The session's number
 *   in the hash table follows.
 *
 * A record is searched in order, as Redis' listpack is; for a few fields that is faster than a hash map.
 */
export class Records {
  readonly #arena: Arena;
  readonly #shapes: Shapes;

  // The field that `find` found, as indices in the buffer: where the field starts, where its value starts, and where
  // the field ends. Without a field, `at` is the end of the record.
  at = 0;
  valueAt = 0;
  end = 0;

  constructor(arena: Arena, shapes: Shapes) {
    this.#arena = arena;
    this.#shapes = shapes;
  }

  /** Returns the bytes of a record, header included. Not for hashed sessions. */
  lengthOf(address: number): number {
    const slab = this.#arena.slab(address);
    const at = slab.start(address);
    return slab.bytes[at] | (slab.bytes[at + 1] << 8);
  }

  /** Returns the bytes that a record has, or would have if it were packed. */
  packedLengthOf(address: number): number {
    return this.lengthOf(address) + (this.shapeOf(address)?.saves ?? 0);
  }

  /** Returns the number of fields of a record, or 0 if the session is hashed. */
  fieldsIn(address: number): number {
    const slab = this.#arena.slab(address);
    const kind = slab.bytes[slab.start(address) + KIND];
    return kind < SHAPED ? kind : (this.shapeOf(address) as Shape).keys.length;
  }

  /** Whether the record is that of a hashed session. */
  isHashed(address: number): boolean {
    const slab = this.#arena.slab(address);
    return slab.bytes[slab.start(address) + KIND] === 0;
  }

  /** Returns the number of a hashed session, which its record holds. */
  sessionAt(address: number): number {
    const slab = this.#arena.slab(address);
    return slab.bytes.readUInt32LE(slab.start(address) + PACKED_HEADER);
  }

  /** Returns the record's shape, or undefined if it is packed or hashed. */
  shapeOf(address: number): Shape | undefined {
    const slab = this.#arena.slab(address);
    const at = slab.start(address) + KIND;
    const kind = slab.bytes[at];
    return kind < SHAPED ? undefined : this.#shapes.at(((kind & 127) << 8) | slab.bytes[at + 1]);
  }

  /** Looks for a key and sets `at`, `valueAt` and `end`. Returns false if the record does not have it. */
  find(address: number, key: Slice): boolean {
    const slab = this.#arena.slab(address);
    const { bytes } = slab;
    const start = slab.start(address);
    const end = start + (bytes[start] | (bytes[start + 1] << 8));
    const kind = bytes[start + KIND];
    if (kind >= SHAPED) {
      const shape = this.#shapes.at(((kind & 127) << 8) | bytes[start + KIND + 1]);
      return this.#findAt(bytes, start + SHAPED_HEADER, end, shape.placeOf(key));
    }
    const wanted = key.length;
    let at = start + PACKED_HEADER;
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
        this.at = at;
        this.valueAt = valueAt;
        this.end = valueAt + valueLength;
        return true;
      }
      at = valueAt + valueLength;
    }
    this.at = end;
    return false;
  }

  /** Goes to the field at a place in a shaped record, whose fields are from `from` to `end`. */
  #findAt(bytes: Buffer, from: number, end: number, place: number): boolean {
    if (place < 0) {
      this.at = end;
      return false;
    }
    let at = from;
    for (let left = place; ; left--) {
      let next = at;
      let length = bytes[next++];
      if (length >= 128) {
        if (length < THREE_BYTES) length = ((length & 127) << 8) | bytes[next++];
        else length = bytes[next++] | (bytes[next++] << 8);
      }
      if (left === 0) {
        this.at = at;
        this.valueAt = next;
        this.end = next + length;
        return true;
      }
      at = next + length;
    }
  }

  /** Returns the bytes in the keys and values of a record. Not for hashed sessions. */
  bytesIn(address: number): number {
    const shape = this.shapeOf(address);
    const slab = this.#arena.slab(address);
    const { bytes } = slab;
    const start = slab.start(address);
    const length = bytes[start] | (bytes[start + 1] << 8);
    const isShaped = shape !== undefined;
    // In a record this short, each length takes one byte.
    if (length < 128) {
      return isShaped
        ? shape.keyBytes + length - SHAPED_HEADER - shape.keys.length
        : length - PACKED_HEADER - 2 * bytes[start + KIND];
    }
    const end = start + length;
    let sum = isShaped ? shape.keyBytes : 0;
    // Of a shaped record, it adds up the values, otherwise keys and values.
    for (let at = start + (isShaped ? SHAPED_HEADER : PACKED_HEADER); at < end; ) {
      let keyLength = 0;
      if (!isShaped) {
        keyLength = bytes[at++];
        if (keyLength >= 128) {
          if (keyLength < THREE_BYTES) keyLength = ((keyLength & 127) << 8) | bytes[at++];
          else keyLength = bytes[at++] | (bytes[at++] << 8);
        }
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

  /** Returns the hash of the keys of a packed record, as `Shapes` needs it. */
  hashOfKeys(address: number): number {
    const { bytes } = this.#arena.slab(address);
    let hash = this.#shapes.seed;
    this.walk(address, (key) => {
      hash = hashKey(hash, bytes, key.start, key.end);
    });
    return hash;
  }

  /** Visits the fields of a record. The visitor gets the same slices each time. Not for hashed sessions. */
  walk(address: number, visit: (key: Slice, value: Slice) => void): void {
    const slab = this.#arena.slab(address);
    const { bytes } = slab;
    const start = slab.start(address);
    const end = start + (bytes[start] | (bytes[start + 1] << 8));
    const kind = bytes[start + KIND];
    if (kind >= SHAPED) {
      const { keys } = this.#shapes.at(((kind & 127) << 8) | bytes[start + KIND + 1]);
      walkShaped(bytes, start + SHAPED_HEADER, keys, visit);
      return;
    }
    const key = new Slice(bytes, 0, 0);
    const value = new Slice(bytes, 0, start + PACKED_HEADER);
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
}

function walkShaped(
  bytes: Buffer,
  from: number,
  keys: readonly Slice[],
  visit: (key: Slice, value: Slice) => void,
): void {
  const value = new Slice(bytes, 0, from);
  for (let place = 0; place < keys.length; place++) {
    let next = value.end;
    let length = bytes[next++];
    if (length >= 128) {
      if (length < THREE_BYTES) length = ((length & 127) << 8) | bytes[next++];
      else length = bytes[next++] | (bytes[next++] << 8);
    }
    value.start = next;
    value.end = next + length;
    visit(keys[place], value);
  }
}

/** Bytes of the header of a packed or hashed record. */
export const PACKED_HEADER = 3;
/** Bytes of the header of a shaped record. */
export const SHAPED_HEADER = 4;
/** Where the number of fields is in the header or, from `SHAPED` on, the upper bits of the shape's number. */
const KIND = 2;
const SHAPED = 128;

/** Writes the record's length into its header. */
export function writeRecordLength(bytes: Buffer, start: number, length: number): void {
  bytes[start] = length & 255;
  bytes[start + 1] = length >>> 8;
}

/** Writes the number of fields into the header of a packed record. 0 makes it that of a hashed session. */
export function writeFieldCount(bytes: Buffer, start: number, fields: number): void {
  bytes[start + KIND] = fields;
}

/** Writes the shape into the header of a shaped record. */
export function writeShape(bytes: Buffer, start: number, { number }: Shape): void {
  bytes[start + KIND] = SHAPED | (number >>> 8);
  bytes[start + KIND + 1] = number & 255;
}

/** Returns the bytes that a field takes in a packed record. */
export function fieldLength({ length: key }: Slice, value: Slice): number {
  return lengthBytes(key) + key + valueLength(value);
}

/** Returns the bytes that a field takes in a shaped record. */
export function valueLength({ length }: Slice): number {
  return lengthBytes(length) + length;
}

/** Writes a field into a packed record. Returns the index after it. */
export function writeField(bytes: Buffer, at: number, key: Slice, value: Slice): number {
  const keyAt = writeLength(bytes, writeLength(bytes, at, key.length), value.length);
  return value.writeTo(bytes, key.writeTo(bytes, keyAt));
}

/** Writes a field into a shaped record. Returns the index after it. */
export function writeValue(bytes: Buffer, at: number, value: Slice): number {
  return value.writeTo(bytes, writeLength(bytes, at, value.length));
}
