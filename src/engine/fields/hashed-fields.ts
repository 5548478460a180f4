import type { Slice } from '../../slice.js';
import { column, longer, resized, shorter } from '../memory/column.js';
import { KeyedHash } from '../tables/keyed-hash.js';
import { Numbering } from '../tables/numbering.js';
import { home, OpenAddressing } from '../tables/open-addressing.js';
import { NONE } from '../tables/slot-table.js';
import { ByteStrings } from './byte-strings.js';

/**
 * The fields of large sessions, outside V8's heap: quick however many fields a session has, and however long they are.
 *
 * A field is a byte string: its key, then its value. All fields of all sessions are in one hash table, which grows a few entries
 * at a time; so a session costs no object, and no table of its own. What belongs to a session is a list: another byte string, of the numbers of its
 * fields in the order in which they were set. When one is deleted, the last one takes its place.
 *
 * To end a session with many or large fields puts it aside; `reclaim` frees those a few at a time, and so does each new field.
 */
export class HashedFields extends OpenAddressing {
  readonly #strings: ByteStrings;
  readonly #hash = new KeyedHash();
  readonly #onRemoved: () => void;
  /** What is known of each field besides its bytes, `ROW` numbers a byte string. */
  #rows = column(Int32Array, FIRST * ROW, RESERVED * ROW);
  readonly #sessions = new Numbering();
  /** The byte string that is the list of each session. */
  #lists = column(Int32Array, FIRST, RESERVED);
  /** Two numbers a session: bytes in its keys and values, and bytes of memory that its fields take. */
  #sums = column(Float64Array, FIRST * 2, RESERVED * 2);
  /** Sessions that have ended, whose fields are not all freed yet. */
  readonly #ended: number[] = [];
  /** The hash that `#find` looked for. */
  #wanted = 0;
  #keys = 0;
  #bytes = 0;

  /**
   * @param onRemoved Told when there is something to reclaim.
   * @param maxSlabs How many slabs its arena may have; the default is as many as possible.
   */
  constructor(onRemoved: () => void, maxSlabs?: number) {
    super();
    this.#strings = new ByteStrings(onRemoved, maxSlabs);
    this.#onRemoved = onRemoved;
  }

  /** Fields of all sessions. */
  get keys(): number {
    return this.#keys;
  }

  /** Bytes in them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of memory that they take, and those that are not freed yet. */
  get memory(): number {
    return this.#strings.memory + this.size * BYTES_PER_FIELD + this.#sessions.taken * BYTES_PER_SESSION;
  }

  /** Whether it can hardly take any more: as `Arena.isFull`. */
  get isFull(): boolean {
    return this.#strings.isFull;
  }

  /** A session without fields. Returns its number, from 0 to 2^30 - 1. */
  begin(): number {
    const session = this.#sessions.take();
    if (session >= this.#lists.length) this.#resizeSessions(longer(this.#lists.length, session + 1));
    this.#lists[session] = this.#strings.create(0);
    this.#sums[session * 2] = 0;
    this.#sums[session * 2 + 1] = 0;
    return session;
  }

  /** Ends a session and all of its fields. Returns how many there were. */
  end(session: number): number {
    const count = this.count(session);
    this.#keys -= count;
    this.#bytes -= this.bytesOf(session);
    if (!this.#free(session)) {
      this.#ended.push(session);
      this.#onRemoved();
    }
    return count;
  }

  /** How many fields a session has. */
  count(session: number): number {
    return this.#strings.length(this.#lists[session]) >>> 2;
  }

  /** Bytes in the keys and values of a session. */
  bytesOf(session: number): number {
    return this.#sums[session * 2];
  }

  /** Bytes of memory that a session takes. */
  memoryOf(session: number): number {
    return this.#sums[session * 2 + 1] + this.#strings.memoryOf(this.#lists[session]) + BYTES_PER_SESSION;
  }

  has(session: number, key: Slice): boolean {
    return this.#find(session, key) !== NONE;
  }

  /** The value of a key; put together, if it does not lie in one piece. */
  get(session: number, key: Slice): Slice | undefined {
    const field = this.#find(session, key);
    if (field === NONE) return undefined;
    const keyLength = this.#keyLength(field);
    return this.#strings.read(field, keyLength, this.#strings.length(field) - keyLength);
  }

  /** As `FieldStore.read`. */
  read(session: number, key: Slice, offset: number, length: number): Slice | undefined {
    const field = this.#find(session, key);
    if (field === NONE) return undefined;
    const end = this.#strings.length(field);
    const start = Math.min(end, this.#keyLength(field) + offset);
    return this.#strings.read(field, start, Math.min(length, end - start));
  }

  /** Bytes of a value, 0 if there is none. */
  valueLength(session: number, key: Slice): number {
    const field = this.#find(session, key);
    return field === NONE ? 0 : this.#valueLength(field);
  }

  set(session: number, key: Slice, value: Slice): void {
    let field = this.#find(session, key);
    if (field === NONE) field = this.#add(session, key, value.length);
    else this.#resize(session, field, value.length);
    this.#strings.write(field, key.length, value);
  }

  /** As `FieldStore.write`. */
  write(session: number, key: Slice, offset: number, bytes: Slice): void {
    let field = this.#find(session, key);
    const length = field === NONE ? 0 : this.#valueLength(field);
    const end = offset + bytes.length;
    if (field === NONE) field = this.#add(session, key, end);
    else if (end > length) this.#resize(session, field, end);
    if (offset > length) this.#strings.zero(field, key.length + length, offset - length);
    this.#strings.write(field, key.length + offset, bytes);
  }

  delete(session: number, key: Slice): boolean {
    const field = this.#find(session, key);
    if (field === NONE) return false;
    const list = this.#lists[session];
    const place = this.#rows[field * ROW + PLACE];
    const last = this.#strings.popWord(list);
    if (last !== field) {
      this.#strings.setWord(list, place, last);
      this.#rows[last * ROW + PLACE] = place;
    }
    const bytes = this.#strings.length(field);
    this.#keys--;
    this.#bytes -= bytes;
    this.#sums[session * 2] -= bytes;
    this.#sums[session * 2 + 1] -= this.#memoryOfField(field);
    this.withdraw(field);
    this.#strings.remove(field);
    return true;
  }

  /** The key of a place, from 0 to `count` - 1. */
  keyAt(session: number, place: number): Slice {
    const field = this.#strings.word(this.#lists[session], place);
    return this.#strings.readForLong(field, 0, this.#keyLength(field));
  }

  /** Visits all fields, in the order in which they were set, but for those that took the place of one that was deleted. */
  forEach(session: number, visit: (key: Slice, value: Slice) => void): void {
    const count = this.count(session);
    for (let place = 0; place < count; place++) {
      const field = this.#strings.word(this.#lists[session], place);
      const keyLength = this.#keyLength(field);
      const value = this.#strings.readForLong(field, keyLength, this.#strings.length(field) - keyLength);
      visit(this.#strings.readForLong(field, 0, keyLength), value);
    }
  }

  forEachKey(session: number, visit: (key: Slice) => void): void {
    const count = this.count(session);
    for (let place = 0; place < count; place++) visit(this.keyAt(session, place));
  }

  /**
   * As `FieldStore.scanFields`. It goes from the last place to the first: what takes the place of a field that is deleted comes from
   * the end, so it has been visited, or will be.
   */
  scan(session: number, cursor: number, count: number, visit: (key: Slice, length: number) => void): number {
    const fields = this.count(session);
    let place = cursor === 0 ? fields : Math.min(cursor, fields);
    const end = Math.max(0, place - count);
    while (place > end) {
      place--;
      const field = this.#strings.word(this.#lists[session], place);
      visit(this.#strings.readForLong(field, 0, this.#keyLength(field)), this.#valueLength(field));
    }
    return end;
  }

  /** Frees a part of what has ended or was deleted: in a fraction of a millisecond. Returns whether there may be more. */
  reclaim(): boolean {
    const session = this.#ended.at(-1);
    if (session === undefined) return this.#strings.reclaim();
    if (this.#free(session)) this.#ended.pop();
    return true;
  }

  /** Gives some of the memory back that is much more than needed. Returns whether there may be more. */
  trim(): boolean {
    if (this.reclaim() || this.#strings.trim() || this.shrink()) return true;
    const capacity = shorter(this.#capacity, this.#strings.end);
    const sessions = shorter(this.#lists.length, this.#sessions.end);
    if (capacity === this.#capacity && sessions === this.#lists.length) return false;
    this.#rows = resized(this.#rows, capacity * ROW);
    this.#resizeSessions(sessions);
    return true;
  }

  /** Byte strings that there are rows for. */
  get #capacity(): number {
    return this.#rows.length / ROW;
  }

  #resizeSessions(capacity: number): void {
    this.#lists = resized(this.#lists, capacity);
    this.#sums = resized(this.#sums, capacity * 2);
  }

  #keyLength(field: number): number {
    return this.#rows[field * ROW + KEY_LENGTH];
  }

  #valueLength(field: number): number {
    return this.#strings.length(field) - this.#keyLength(field);
  }

  #memoryOfField(field: number): number {
    return this.#strings.memoryOf(field) + BYTES_PER_FIELD;
  }

  /** The field of a key, NONE if there is none. */
  #find(session: number, key: Slice): number {
    // One key in many sessions has as many hashes, which are as far apart as can be.
    const hash = this.#hash.of(key) ^ Math.imul(session, 0x9e3779b1);
    this.#wanted = hash;
    const field = this.#findIn(this.places, hash, session, key);
    return field === NONE && this.former !== undefined ? this.#findIn(this.former, hash, session, key) : field;
  }

  #findIn(places: Int32Array<ArrayBuffer>, hash: number, session: number, key: Slice): number {
    const mask = places.length - 1;
    for (let place = home(places, hash); ; place = (place + 1) & mask) {
      const field = places[place] - 1;
      if (field === NONE) return NONE;
      const row = field * ROW;
      if (
        this.#rows[row + HASH] === hash &&
        this.#rows[row + SESSION] === session &&
        this.#rows[row + KEY_LENGTH] === key.length &&
        this.#strings.matches(field, 0, key)
      ) {
        return field;
      }
    }
  }

  /** A new field, of the key that was just looked for; its value is undefined. */
  #add(session: number, key: Slice, valueLength: number): number {
    this.reclaim();
    const strings = this.#strings;
    const bytes = key.length + valueLength;
    const field = strings.create(bytes);
    const list = this.#lists[session];
    const place = strings.length(list) >>> 2;
    try {
      strings.pushWord(list, field);
    } catch (error) {
      strings.remove(field);
      throw error;
    }
    strings.write(field, 0, key);
    if (field >= this.#capacity) this.#rows = resized(this.#rows, longer(this.#capacity, field + 1) * ROW);
    const row = field * ROW;
    this.#rows[row + HASH] = this.#wanted;
    this.#rows[row + SESSION] = session;
    this.#rows[row + PLACE] = place;
    this.#rows[row + KEY_LENGTH] = key.length;
    this.enter(field);
    this.#keys++;
    this.#bytes += bytes;
    this.#sums[session * 2] += bytes;
    this.#sums[session * 2 + 1] += this.#memoryOfField(field);
    return field;
  }

  /** Makes a value longer or shorter. */
  #resize(session: number, field: number, length: number): void {
    const grown = length - this.#valueLength(field);
    if (grown === 0) return;
    const memory = this.#strings.memoryOf(field);
    this.#strings.resize(field, this.#keyLength(field) + length);
    this.#bytes += grown;
    this.#sums[session * 2] += grown;
    this.#sums[session * 2 + 1] += this.#strings.memoryOf(field) - memory;
  }

  /** Frees some fields of a session that has ended, and itself after the last. Returns whether it is gone. */
  #free(session: number): boolean {
    const list = this.#lists[session];
    let bytes = 0;
    for (let fields = 0; this.count(session) > 0; fields++) {
      if (fields === FIELDS_AT_ONCE || bytes > BYTES_AT_ONCE) return false;
      const field = this.#strings.popWord(list);
      bytes += this.#strings.memoryOf(field);
      this.withdraw(field);
      this.#strings.remove(field);
    }
    this.#strings.remove(list);
    this.#sessions.release(session);
    return true;
  }

  protected override hashOf(field: number): number {
    return this.#rows[field * ROW + HASH];
  }
}

/** Fields that are freed at once, and bytes of memory, about. */
const FIELDS_AT_ONCE = 64;
const BYTES_AT_ONCE = 2 ** 20;

const FIRST = 1024;
/** Rows can grow to so many where they are; beyond, they are copied to double. */
const RESERVED = 2 ** 27;

/** Numbers in a row, and what each is. */
const ROW = 4;
const HASH = 0;
const SESSION = 1;
/** Its place in the session's list. */
const PLACE = 2;
const KEY_LENGTH = 3;

/** Bytes that a field takes besides its byte string: its row and its place in the table. */
const BYTES_PER_FIELD = ROW * 4 + OpenAddressing.BYTES_PER_ENTRY;
/** Bytes that a session takes besides its list: where that is, and two sums. */
const BYTES_PER_SESSION = 4 + 16;
