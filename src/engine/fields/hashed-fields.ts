import type { Slice } from '../../slice.js';
import type { ArenaMemory } from '../memory/arena.js';
import { column, longer, resized, shorter } from '../memory/column.js';
import { KeyedHash } from '../tables/keyed-hash.js';
import { Numbering } from '../tables/numbering.js';
import { home, isFrom, itemOf, OpenAddressing } from '../tables/open-addressing.js';
import { NONE } from '../tables/slot-table.js';
import { atOnce } from '../time/in-slices.js';
import { ByteStrings } from './byte-strings.js';
import { type Order, TreeOrder } from './order.js';
import { ScoreTree } from './score-tree.js';
import { parseScore } from './scores.js';

/**
 * The fields of large sessions, outside V8's heap. Reading and writing a field is fast however many fields the session
 * has, and however long they are.
 *
 * A field is a byte string: its key, then its value. All fields of all sessions share one hash table, which grows a few
 * entries at a time, so a session needs neither an object nor a table. Each session has a list: another byte string,
 * which holds the numbers of its fields in the order in which they were set. When a field is deleted, the last one
 * takes its place.
 *
 * A session may be **ordered**: its values are scores, and `ScoreTree` keeps its fields in their order.
 *
 * Ending a session with many or large fields sets them aside. `reclaim` frees them a few at a time, and so does each
 * new field.
 */
export class HashedFields extends OpenAddressing {
  readonly #strings: ByteStrings;
  readonly #hash = new KeyedHash();
  readonly #onRemoved: () => void;
  /** The properties of each field besides its bytes: `ROW` numbers per byte string. */
  #rows = column(Int32Array, FIRST * ROW, RESERVED * ROW);
  readonly #sessions = new Numbering();
  /** The number of the byte string that is each session's list. */
  #lists = column(Int32Array, FIRST, RESERVED);
  /** Two numbers per session: the bytes in its keys and values, and the bytes of memory that its fields take. */
  #sums = column(Float64Array, FIRST * 2, RESERVED * 2);
  readonly #tree = new ScoreTree();
  /** For each session the root of its tree, or NONE if it is not ordered. */
  #roots = column(Int32Array, FIRST, RESERVED);
  /** Sessions that have ended and whose fields are not all freed yet. */
  readonly #ended: number[] = [];
  /** The hash that `#find` last looked for. */
  #wanted = 0;
  #keys = 0;
  #bytes = 0;

  /**
   * @param onRemoved Called when there is something to reclaim.
   * @param maxSlabs The maximum number of slabs of the arena. By default the arena's own limit.
   * @param maxFields The maximum number of fields and sessions together. By default as many as the table can hold.
   */
  constructor(onRemoved: () => void, maxSlabs?: number, maxFields = OpenAddressing.MAX_ITEM + 1) {
    super();
    this.#strings = new ByteStrings(onRemoved, maxSlabs, maxFields);
    this.#onRemoved = onRemoved;
  }

  /** The number of fields of all sessions. */
  get keys(): number {
    return this.#keys;
  }

  /** Bytes in the keys and values of all sessions. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of memory that the fields take, including those that are not freed yet. */
  get memory(): number {
    return (
      this.#strings.memory + this.#tree.memory + this.size * BYTES_PER_FIELD + this.#sessions.taken * BYTES_PER_SESSION
    );
  }

  /** The arena that the keys and values are in. */
  get arena(): ArenaMemory {
    return this.#strings.arena;
  }

  /** Whether it is nearly at its limits, as in `Arena.isFull`. */
  get isFull(): boolean {
    return this.#strings.isFull;
  }

  /**
   * Makes a session without fields. Returns its number, from 0 to 2^30 - 1.
   * @throws SessionError OOM if there is no memory. Nothing has changed then.
   */
  begin(): number {
    const list = this.#strings.create(0);
    const session = this.#sessions.take();
    if (session >= this.#lists.length) this.#resizeSessions(longer(this.#lists.length, session + 1));
    this.#lists[session] = list;
    this.#roots[session] = NONE;
    this.#sums[session * 2] = 0;
    this.#sums[session * 2 + 1] = 0;
    return session;
  }

  /** Ends a session and all of its fields. Returns how many there were. */
  end(session: number): number {
    const count = this.count(session);
    this.#keys -= count;
    this.#bytes -= this.bytesOf(session);
    if (this.#roots[session] !== NONE) {
      this.#tree.remove(this.#roots[session]);
      this.#roots[session] = NONE;
      this.#onRemoved();
    }
    if (!this.#free(session)) {
      this.#ended.push(session);
      this.#onRemoved();
    }
    return count;
  }

  /** Returns the number of fields of a session. */
  count(session: number): number {
    return this.#strings.length(this.#lists[session]) >>> 2;
  }

  /** Returns the bytes in the keys and values of a session. */
  bytesOf(session: number): number {
    return this.#sums[session * 2];
  }

  /** Returns the bytes of memory that a session takes. */
  memoryOf(session: number): number {
    return this.#sums[session * 2 + 1] + this.#strings.memoryOf(this.#lists[session]) + BYTES_PER_SESSION;
  }

  has(session: number, key: Slice): boolean {
    return this.#find(session, key) !== NONE;
  }

  /** Returns the value of a key, or undefined. A value that spans pieces is assembled. */
  get(session: number, key: Slice): Slice | undefined {
    const field = this.#find(session, key);
    if (field === NONE) return undefined;
    const keyLength = this.#keyLength(field);
    return this.#strings.read(field, keyLength, this.#strings.length(field) - keyLength);
  }

  /** See `FieldStore.read`. */
  read(session: number, key: Slice, offset: number, length: number): Slice | undefined {
    const field = this.#find(session, key);
    if (field === NONE) return undefined;
    const end = this.#strings.length(field);
    const start = Math.min(end, this.#keyLength(field) + offset);
    return this.#strings.read(field, start, Math.min(length, end - start));
  }

  /** Returns the length of a value in bytes, or 0 if there is no such key. */
  valueLength(session: number, key: Slice): number {
    const field = this.#find(session, key);
    return field === NONE ? 0 : this.#valueLength(field);
  }

  set(session: number, key: Slice, value: Slice): void {
    if (this.#roots[session] !== NONE) {
      this.#setScore(session, key, value);
      return;
    }
    let field = this.#find(session, key);
    if (field === NONE) field = this.#addWithKey(session, key, value.length);
    else this.#resize(session, field, value.length);
    this.#strings.write(field, key.length, value);
  }

  /** Sets a field of an ordered session. @throws RangeError if the value is not a score. */
  #setScore(session: number, key: Slice, value: Slice): void {
    const score = parseScore(value);
    if (Number.isNaN(score)) throw new RangeError('not a score');
    let field = this.#find(session, key);
    if (field === NONE) {
      field = this.#addWithKey(session, key, value.length);
    } else {
      const former = this.#scoreOf(field);
      if (former === score) return;
      this.#resize(session, field, value.length);
      this.#removeFromOrder(session, former, key);
    }
    this.#strings.write(field, key.length, value);
    this.#addToOrder(session, score, field, key);
  }

  #addToOrder(session: number, score: number, field: number, key: Slice): void {
    const memory = this.#tree.memory;
    this.#roots[session] = this.#tree.add(this.#roots[session], score, field, this.#comparison(key));
    this.#sums[session * 2 + 1] += this.#tree.memory - memory;
  }

  #removeFromOrder(session: number, score: number, key: Slice): void {
    const memory = this.#tree.memory;
    this.#roots[session] = this.#tree.delete(this.#roots[session], score, this.#comparison(key));
    this.#sums[session * 2 + 1] += this.#tree.memory - memory;
  }

  /** Returns a function that compares fields with a key. */
  #comparison(key: Slice): (field: number) => number {
    return (field) => this.#strings.readForLong(field, 0, this.#keyLength(field)).compare(key);
  }

  /** Returns the value of a field as a score. */
  #scoreOf(field: number): number {
    const keyLength = this.#keyLength(field);
    return parseScore(this.#strings.readForLong(field, keyLength, this.#strings.length(field) - keyLength));
  }

  /**
   * Keeps the fields of a session in the order of their scores from now on. If they are not in order already, this
   * takes O(n log n). Returns false, and changes nothing, if a value is not a score.
   */
  keepOrder(session: number): boolean {
    return this.#roots[session] !== NONE || atOnce(this.keepOrderInSteps(session));
  }

  /** See `FieldStore.keepOrderInSteps`. */
  *keepOrderInSteps(session: number): Generator<void, boolean> {
    if (this.#roots[session] !== NONE) return true;
    const count = this.count(session);
    for (let place = 0; place < count; place++) {
      if (Number.isNaN(this.#scoreOf(this.#strings.word(this.#lists[session], place)))) return false;
      if (place % CHECKED_AT_ONCE === CHECKED_AT_ONCE - 1) yield;
    }
    this.#beginOrder(session);
    for (let place = 0; place < count; place++) {
      const field = this.#strings.word(this.#lists[session], place);
      this.#addToOrder(session, this.#scoreOf(field), field, this.keyAt(session, place));
      if (place % ORDERED_AT_ONCE === ORDERED_AT_ONCE - 1) yield;
    }
    return true;
  }

  #beginOrder(session: number): void {
    const memory = this.#tree.memory;
    this.#roots[session] = this.#tree.create();
    this.#sums[session * 2 + 1] += this.#tree.memory - memory;
  }

  /** Returns the fields of a session in their order, which this begins to keep. */
  orderOf(session: number): Order {
    this.keepOrder(session);
    return new TreeOrder(this.#tree, this.#roots[session], {
      keyOf: (field) => this.#strings.readForLong(field, 0, this.#keyLength(field)),
      scoreOf: (key) => {
        const field = this.#find(session, key);
        return field === NONE ? undefined : this.#scoreOf(field);
      },
    });
  }

  /** See `FieldStore.write`. */
  write(session: number, key: Slice, offset: number, bytes: Slice): void {
    let field = this.#find(session, key);
    const length = field === NONE ? 0 : this.#valueLength(field);
    const end = offset + bytes.length;
    if (field === NONE) field = this.#addWithKey(session, key, end);
    else if (end > length) this.#resize(session, field, end);
    if (offset > length) this.#strings.zero(field, key.length + length, offset - length);
    this.#strings.write(field, key.length + offset, bytes);
  }

  /**
   * Copies all fields of a session to one that has none.
   * @throws SessionError OOM if there is no memory. The copy is then incomplete.
   */
  copy(from: number, to: number): void {
    const strings = this.#strings;
    const change = hashOfSession(from) ^ hashOfSession(to);
    const count = this.count(from);
    for (let place = 0; place < count; place++) {
      const source = strings.word(this.#lists[from], place);
      const hash = this.#rows[source * ROW + HASH] ^ change;
      const field = this.#add(to, hash, this.#keyLength(source), this.#valueLength(source));
      strings.copy(source, field);
    }
    if (this.#roots[from] !== NONE) this.#copyOrder(from, to);
  }

  #copyOrder(from: number, to: number): void {
    const strings = this.#strings;
    this.#beginOrder(to);
    this.#tree.visit(this.#roots[from], 0, this.count(from), 1, (source, score) => {
      const field = strings.word(this.#lists[to], this.#rows[source * ROW + PLACE]);
      const memory = this.#tree.memory;
      this.#roots[to] = this.#tree.add(this.#roots[to], score, field, BEFORE);
      this.#sums[to * 2 + 1] += this.#tree.memory - memory;
    });
  }

  delete(session: number, key: Slice): boolean {
    const field = this.#find(session, key);
    if (field === NONE) return false;
    if (this.#roots[session] !== NONE) this.#removeFromOrder(session, this.#scoreOf(field), key);
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

  /** Returns the key at a place, from 0 to `count` - 1. */
  keyAt(session: number, place: number): Slice {
    const field = this.#strings.word(this.#lists[session], place);
    return this.#strings.readForLong(field, 0, this.#keyLength(field));
  }

  /** Visits all fields in the order of the list. */
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
   * See `FieldStore.scanFields`. It goes from the last place to the first. The field that takes the place of a deleted
   * one comes from the end, so it was already visited, or still will be.
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

  /**
   * Frees some of the sessions and fields that were removed, in a fraction of a millisecond. Returns whether there may
   * be more.
   */
  reclaim(): boolean {
    const session = this.#ended.at(-1);
    if (session === undefined) return this.#strings.reclaim() || this.#tree.reclaim();
    if (this.#free(session)) this.#ended.pop();
    return true;
  }

  /** Frees some of the memory if there is much more than needed. Returns whether there may be more. */
  trim(): boolean {
    if (this.reclaim() || this.#strings.trim() || this.#tree.trim() || this.shrink()) return true;
    const capacity = shorter(this.#capacity, this.#strings.end);
    const sessions = shorter(this.#lists.length, this.#sessions.end);
    if (capacity === this.#capacity && sessions === this.#lists.length) return false;
    this.#rows = resized(this.#rows, capacity * ROW);
    this.#resizeSessions(sessions);
    return true;
  }

  /** How many byte strings there are rows for. */
  get #capacity(): number {
    return this.#rows.length / ROW;
  }

  #resizeSessions(capacity: number): void {
    this.#lists = resized(this.#lists, capacity);
    this.#sums = resized(this.#sums, capacity * 2);
    this.#roots = resized(this.#roots, capacity);
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

  /** Returns the field of a key, or NONE. */
  #find(session: number, key: Slice): number {
    const hash = this.#hash.of(key) ^ hashOfSession(session);
    this.#wanted = hash;
    const field = this.#findIn(this.places, hash, session, key);
    return field === NONE && this.former !== undefined ? this.#findIn(this.former, hash, session, key) : field;
  }

  #findIn(places: Int32Array<ArrayBuffer>, hash: number, session: number, key: Slice): number {
    const mask = places.length - 1;
    const start = home(places, hash);
    for (let distance = 0; ; distance++) {
      const entry = places[(start + distance) & mask];
      if (entry === 0) return NONE;
      if (!isFrom(entry, distance)) continue;
      const field = itemOf(entry);
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

  /** Makes a new field for the key that `#find` last looked for. The content of its value is undefined. */
  #addWithKey(session: number, key: Slice, valueLength: number): number {
    const field = this.#add(session, this.#wanted, key.length, valueLength);
    this.#strings.write(field, 0, key);
    return field;
  }

  /** Makes a new field. The content of its key and value is undefined. */
  #add(session: number, hash: number, keyLength: number, valueLength: number): number {
    this.reclaim();
    const strings = this.#strings;
    const bytes = keyLength + valueLength;
    const field = strings.create(bytes);
    const list = this.#lists[session];
    const place = strings.length(list) >>> 2;
    try {
      strings.pushWord(list, field);
    } catch (error) {
      strings.remove(field);
      throw error;
    }
    if (field >= this.#capacity) this.#rows = resized(this.#rows, longer(this.#capacity, field + 1) * ROW);
    const row = field * ROW;
    this.#rows[row + HASH] = hash;
    this.#rows[row + SESSION] = session;
    this.#rows[row + PLACE] = place;
    this.#rows[row + KEY_LENGTH] = keyLength;
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

  /**
   * Frees some fields of a session that has ended, and after the last one the session itself. Returns whether the
   * session is gone.
   */
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

/** Compares every member as if it came before the one looked for. */
const BEFORE = () => -1;

/** Fields to check, and to put in order, in one step. */
const [CHECKED_AT_ONCE, ORDERED_AT_ONCE] = [1024, 64];

/** Fields, and approximate bytes of memory, to free at once. */
const FIELDS_AT_ONCE = 64;
const BYTES_AT_ONCE = 2 ** 20;

const FIRST = 1024;
/** The rows can grow to this many byte strings in place. Beyond that, they are copied to twice the length. */
const RESERVED = 2 ** 27;

/** The length of a row, and the index of each number in it. */
const ROW = 4;
const HASH = 0;
const SESSION = 1;
/** The field's place in the session's list. */
const PLACE = 2;
const KEY_LENGTH = 3;

/** Bytes that a field takes besides its byte string: its row and its place in the table. */
const BYTES_PER_FIELD = ROW * 4 + OpenAddressing.BYTES_PER_ENTRY;
/** Bytes that a session takes besides its list: the list's number, two sums and the root of its tree. */
const BYTES_PER_SESSION = 4 + 16 + 4;

/**
 * Returns what the hashes of a session's keys are XORed with. So the same key has a different hash in each session,
 * spread as far apart as possible (Knuth's multiplicative hashing).
 */
function hashOfSession(session: number): number {
  return Math.imul(session, 0x9e3779b1);
}
