import { Slice } from '../../slice.js';
import type { ChangeListener } from '../change-listener.js';
import type { Session } from '../session.js';
import { SessionError, WRONG_TYPE } from '../session-error.js';
import { Flag, type SlotTable } from '../tables/slot-table.js';
import type { Deadlines } from '../time/deadlines.js';
import type { Encoding, FieldStore } from './field-store.js';
import { parseInt64, withinInt64 } from './int64.js';

/** Under which key the one value of a string is. */
export const STRING_KEY = Slice.of('');

/**
 * The keys and values of sessions, and the rule by which reading and writing them extends a session:
 * every read does if its EXTEND is get or both, every write that changed something if it is set or
 * both. Looking (`has`, `count`, `size`, `forEachKey`, `peek`) never does.
 *
 * A session may be a **string**: it has one value, under the empty key. It is read as any other. What writes keys to it throws a SessionError
 * WRONGTYPE, and so does what changes a string where the session has keys; `setString` alone makes a string of anything.
 *
 * Keys and values are given as slices of the store's own memory: good until the next call. Who wants to keep one, or
 * to hand it to another call, copies it (`Slice.of(value.copy())`), and nobody writes into it.
 */
export class SessionData {
  readonly #slots: SlotTable;
  readonly #fields: FieldStore;
  readonly #deadlines: Deadlines;
  readonly #maxValueBytes: number;
  #changes: ChangeListener | undefined;
  /** Whether reads and writes count as use, for which eviction spares a session. To be set before an operation. */
  countsAsUse = true;

  /** @param maxValueBytes The longest value that `append` may make. */
  constructor(slots: SlotTable, fields: FieldStore, deadlines: Deadlines, maxValueBytes: number) {
    this.#slots = slots;
    this.#fields = fields;
    this.#deadlines = deadlines;
    this.#maxValueBytes = maxValueBytes;
  }

  /** Who is told of every change, if anybody is. */
  set changes(listener: ChangeListener | undefined) {
    this.#changes = listener;
  }

  // Looking

  has(session: Session, key: Slice): boolean {
    return this.#fields.has(session, key);
  }

  /** How many keys the session has. */
  count(session: Session): number {
    return this.#fields.count(session);
  }

  /** Bytes in the session's keys and values. */
  size(session: Session): number {
    return this.#fields.size(session);
  }

  /** Bytes of memory that the session's keys and values take, overhead included. */
  memory(session: Session): number {
    return this.#fields.memoryOf(session);
  }

  encoding(session: Session): Encoding {
    return this.#fields.encoding(session);
  }

  forEachKey(session: Session, visit: (key: Slice) => void): void {
    this.#fields.forEachKey(session, visit);
  }

  /** Visits every key and value without extending the session: for who watches it, not for who uses it. */
  peek(session: Session, visit: (key: Slice, value: Slice) => void): void {
    this.#fields.forEach(session, visit);
  }

  /** A key by its place, from 0 to `count` - 1, in the order in which `peek` visits them. */
  keyAt(session: Session, place: number): Slice {
    return this.#fields.keyAt(session, place);
  }

  /** As `getPart`, without extending the session. */
  peekPart(session: Session, key: Slice, offset: number, length: number): Slice | undefined {
    return this.#fields.read(session, key, offset, length);
  }

  /** As `getLength`, without extending the session. */
  peekLength(session: Session, key: Slice): number {
    return this.#fields.valueLength(session, key);
  }

  /**
   * Visits some keys, with the length of their values in bytes; the visitor may look at those (`peekPart`). A scan that starts at 0 and
   * goes on until it is given 0 visits each key that is there throughout, whatever else is changed meanwhile; once, unless keys are
   * removed meanwhile.
   * @param cursor 0, or what the previous call returned. @param count How many keys to look at, 1 or more; those of a
   *   packed session are all visited in one call.
   * @returns Where to go on, 0 at the end.
   */
  peekSome(session: Session, cursor: number, count: number, visit: (key: Slice, length: number) => void): number {
    return this.#fields.scanFields(session, cursor, count, visit);
  }

  // Reading

  /** Counts as a read: for who looks at several things, as one read. */
  read(session: Session): void {
    this.#read(session);
  }

  get(session: Session, key: Slice): Slice | undefined {
    this.#read(session);
    return this.#fields.get(session, key);
  }

  /**
   * A part of a value, shorter where the value ends before; undefined if there is no such key. It costs what the part does.
   * @param offset In bytes, from 0. @param length In bytes.
   */
  getPart(session: Session, key: Slice, offset: number, length: number): Slice | undefined {
    this.#read(session);
    return this.#fields.read(session, key, offset, length);
  }

  /** Length of a value in bytes, 0 if there is no such key. It costs the same however long the value is. */
  getLength(session: Session, key: Slice): number {
    this.#read(session);
    return this.#fields.valueLength(session, key);
  }

  /** Visits the value of each key, undefined where it is missing, as one read. */
  getMany(session: Session, keys: readonly Slice[], visit: (value: Slice | undefined) => void): void {
    this.#read(session);
    for (const key of keys) visit(this.#fields.get(session, key));
  }

  /** The value of a string. */
  getString(session: Session): Slice | undefined {
    this.#read(session);
    return this.#fields.get(session, STRING_KEY);
  }

  forEach(session: Session, visit: (key: Slice, value: Slice) => void): void {
    this.#read(session);
    this.#fields.forEach(session, visit);
  }

  // Writing strings

  /** Makes a session a string of this value, whatever it was. */
  setString(session: Session, value: Slice): void {
    if (!this.#isString(session)) {
      this.#clear(session);
      this.#slots.setFlags(session, this.#slots.flags(session) | Flag.String);
      this.#changes?.onChanged(session);
    }
    this.#set(session, STRING_KEY, value);
    this.#wrote(session);
  }

  /**
   * Adds bytes at the end of a string; a session without data becomes one. Returns its new length in bytes.
   * @throws SessionError WRONGTYPE if the session has keys, ERR if that would exceed the longest value allowed.
   */
  appendToString(session: Session, value: Slice): number {
    if (this.#isString(session)) return this.#append(session, STRING_KEY, value);
    this.#checkNoKeys(session);
    this.#checkLength(value.length);
    this.setString(session, value);
    return value.length;
  }

  /**
   * Writes bytes into a string from `offset` on, in bytes, over what it has there; one that is shorter is filled up with zero bytes. A
   * session without data becomes a string. Returns its new length in bytes.
   * @throws SessionError WRONGTYPE if the session has keys, ERR if that would exceed the longest value allowed.
   */
  writeToString(session: Session, offset: number, part: Slice): number {
    if (this.#isString(session)) return this.#write(session, STRING_KEY, offset, part);
    this.#checkNoKeys(session);
    const value = this.padded(offset, part);
    this.setString(session, value);
    return value.length;
  }

  /**
   * So many zero bytes and a part of a string: what a new one is that is written to from there on.
   * @throws SessionError ERR if that would exceed the longest value allowed.
   */
  padded(zeros: number, part: Slice): Slice {
    this.#checkLength(zeros + part.length);
    const bytes = Buffer.alloc(zeros + part.length);
    part.writeTo(bytes, zeros);
    return Slice.of(bytes);
  }

  /**
   * Adds to an integer; a session without data counts from 0. Returns the sum.
   * @throws SessionError WRONGTYPE if the session has keys, ERR if the value is not a 64-bit integer or the sum would not be.
   */
  incrementString(session: Session, increment: bigint): bigint {
    this.#checkNoKeys(session);
    const sum = this.#sum(session, STRING_KEY, increment, 'value is not an integer or out of range');
    this.setString(session, Slice.of(String(sum)));
    return sum;
  }

  // Writing keys

  /** Sets keys to values. @param pairs Keys and values in turn. */
  set(session: Session, pairs: readonly Slice[]): void {
    this.#checkType(session);
    this.#setPairs(session, pairs);
  }

  #setPairs(session: Session, pairs: readonly Slice[]): void {
    for (let i = 0; i < pairs.length; i += 2) this.#set(session, pairs[i], pairs[i + 1]);
    this.#wrote(session);
  }

  /** Sets those keys that the session does not have. Returns how many. */
  add(session: Session, pairs: readonly Slice[]): number {
    this.#checkType(session);
    let added = 0;
    for (let i = 0; i < pairs.length; i += 2) {
      if (this.#fields.has(session, pairs[i])) continue;
      this.#set(session, pairs[i], pairs[i + 1]);
      added++;
    }
    if (added > 0) this.#wrote(session);
    return added;
  }

  /** Sets a key to `value` if it is `expected` now. Returns whether it was. */
  compareAndSet(session: Session, key: Slice, expected: Slice, value: Slice): boolean {
    this.#checkType(session);
    if (this.#fields.get(session, key)?.equals(expected) !== true) return false;
    this.set(session, [key, value]);
    return true;
  }

  /**
   * Adds to an integer, which counts from 0 if it is missing. Returns the sum.
   * @throws SessionError ERR if the value is not a 64-bit integer or the sum would not be.
   */
  increment(session: Session, key: Slice, increment: bigint): bigint {
    this.#checkType(session);
    const sum = this.#sum(session, key, increment, 'hash value is not an integer');
    this.set(session, [key, Slice.of(String(sum))]);
    return sum;
  }

  /**
   * Adds bytes at the end of a value, which starts empty. Returns its new length in bytes.
   * @throws SessionError ERR if that would exceed the longest value allowed.
   */
  append(session: Session, key: Slice, value: Slice): number {
    this.#checkType(session);
    return this.#append(session, key, value);
  }

  #append(session: Session, key: Slice, value: Slice): number {
    return this.#write(session, key, this.#fields.valueLength(session, key), value);
  }

  /** Returns the length that the value has then, in bytes. */
  #write(session: Session, key: Slice, offset: number, part: Slice): number {
    const before = this.#fields.valueLength(session, key);
    const length = Math.max(before, offset + part.length);
    this.#checkLength(length);
    this.#fields.write(session, key, offset, part);
    this.#changes?.onWritten(session, key, offset, part, before);
    this.#wrote(session);
    return length;
  }

  /** Removes keys. Returns how many there were. */
  delete(session: Session, keys: readonly Slice[]): number {
    this.#checkType(session);
    let deleted = 0;
    for (const key of keys) {
      if (!this.#fields.delete(session, key)) continue;
      this.#changes?.onDeleted(session, key);
      deleted++;
    }
    if (deleted > 0) this.#wrote(session);
    return deleted;
  }

  /** Removes every key; the session stays. Returns how many there were. */
  clear(session: Session): number {
    this.#checkType(session);
    const cleared = this.#clear(session);
    if (cleared > 0) this.#wrote(session);
    return cleared;
  }

  /** Removes every key, then sets others, in one operation. Returns how many were removed. */
  replace(session: Session, pairs: readonly Slice[]): number {
    this.#checkType(session);
    const cleared = this.#clear(session);
    this.#setPairs(session, pairs);
    return cleared;
  }

  #checkType(session: Session): void {
    if (this.#isString(session)) throw WRONG_TYPE;
  }

  #isString(session: Session): boolean {
    return (this.#slots.flags(session) & Flag.String) !== 0;
  }

  #checkNoKeys(session: Session): void {
    if (!this.#isString(session) && this.#fields.count(session) > 0) throw WRONG_TYPE;
  }

  #checkLength(length: number): void {
    if (length <= this.#maxValueBytes) return;
    throw new SessionError('ERR', 'string exceeds maximum allowed size (proto-max-bulk-len)');
  }

  #sum(session: Session, key: Slice, increment: bigint, notAnInteger: string): bigint {
    const value = this.#fields.get(session, key);
    const number = value === undefined ? 0n : parseInt64(value);
    if (number === undefined) throw new SessionError('ERR', notAnInteger);
    const sum = withinInt64(number + increment);
    if (sum === undefined) throw new SessionError('ERR', 'increment or decrement would overflow');
    return sum;
  }

  #set(session: Session, key: Slice, value: Slice): void {
    this.#fields.set(session, key, value);
    this.#changes?.onSet(session, key, value);
  }

  #clear(session: Session): number {
    const cleared = this.#fields.clear(session);
    if (cleared > 0) this.#changes?.onEmptied(session);
    return cleared;
  }

  #read(session: Session): void {
    this.#use(session);
    if ((this.#slots.flags(session) & Flag.ExtendGet) !== 0) this.#extend(session);
  }

  #extend(session: Session): void {
    if (this.#deadlines.extend(session)) this.#changes?.onExtended(session);
  }

  #wrote(session: Session): void {
    this.#use(session);
    this.#slots.change(session);
    const flags = this.#slots.flags(session);
    if ((flags & Flag.Running) === 0) {
      // Cleared at its deadline, a session starts anew at its first write.
      this.#deadlines.start(session);
      if ((this.#slots.flags(session) & Flag.Running) !== 0) this.#changes?.onChanged(session);
    } else if ((flags & Flag.ExtendSet) !== 0) {
      this.#extend(session);
    }
  }

  #use(session: Session): void {
    if (this.countsAsUse) this.#slots.use(session, this.#deadlines.now);
  }
}
