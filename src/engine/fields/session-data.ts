import { Slice } from '../../slice.js';
import type { ChangeListener } from '../change-listener.js';
import { FLAG_OF_KIND, KIND_FLAGS } from '../kind.js';
import type { Session } from '../session.js';
import { SessionError, WRONG_TYPE } from '../session-error.js';
import { Flag, type SlotTable } from '../tables/slot-table.js';
import type { Deadlines } from '../time/deadlines.js';
import type { Encoding, FieldStore } from './field-store.js';
import { MAX_INT64_LENGTH, parseInt64, withinInt64 } from './int64.js';
import type { KeyDeadlines } from './key-deadlines.js';
import type { Order } from './order.js';
import { parseScore, scoreText } from './scores.js';
import type { DataFields } from './undue-fields.js';

/** The key that holds a string's value. */
export const STRING_KEY = Slice.of('');
/** The value of a set's members. */
const NO_VALUE = Slice.of('');

interface SessionDataParts {
  readonly slots: SlotTable;
  readonly fields: FieldStore;
  readonly deadlines: Deadlines;
  readonly keyDeadlines: KeyDeadlines;
  /** Removes the keys of a session that are due. The session may end with them. */
  settleKeys(session: Session): void;
}

/**
 * The keys and values of sessions, and the rule by which reads and writes extend a session. A read extends a session
 * whose EXTEND is GET or BOTH. A write that changes something extends one whose EXTEND is SET or BOTH. Looking (`has`,
 * `count`, `size`, `forEachKey`, `peek`) never extends.
 *
 * A key may have a **deadline** of its own, at which it is removed (`KeyExpiry`). Setting a key removes its deadline;
 * changing a part of its value, or adding to it, does not.
 *
 * A session may be a **string**: it has one value, under the empty key. Or it is a **set**: its keys are the members,
 * with empty values. Or a **sorted set**: its keys are the members, and their values the scores. All are read like any
 * other session. Writing to a session as if it were of another kind throws a SessionError WRONGTYPE. Only `setString`
 * replaces data of another kind.
 *
 * Keys and values are returned as slices of the store's own memory, valid until the next call. To keep one, or to pass
 * it to another call, copy it (`Slice.of(value.copy())`). Never write into one.
 *
 * Every method that stores bytes throws a SessionError OOM if there is no memory for them.
 */
export class SessionData {
  readonly #slots: SlotTable;
  #fields: DataFields;
  readonly #deadlines: Deadlines;
  readonly #keyDeadlines: KeyDeadlines;
  readonly #settleKeys: (session: Session) => void;
  readonly #maxValueBytes: number;
  #changes: ChangeListener | undefined;
  /**
   * Whether reads and writes count as use. Eviction spares sessions that were used recently. Set this before each
   * operation.
   */
  countsAsUse = true;

  /** @param maxValueBytes The maximum length, in bytes, that `append` or a write to a string may give a value. */
  constructor({ slots, fields, deadlines, keyDeadlines, settleKeys }: SessionDataParts, maxValueBytes: number) {
    this.#slots = slots;
    this.#fields = fields;
    this.#deadlines = deadlines;
    this.#keyDeadlines = keyDeadlines;
    this.#settleKeys = settleKeys;
    this.#maxValueBytes = maxValueBytes;
  }

  /** Where the keys and values are from now on. */
  set fields(fields: DataFields) {
    this.#fields = fields;
  }

  /** The listener to notify of every change, if any. */
  set changes(listener: ChangeListener | undefined) {
    this.#changes = listener;
  }

  // Looking

  has(session: Session, key: Slice): boolean {
    return this.#fields.has(session, key);
  }

  /** Returns the number of keys of the session. */
  count(session: Session): number {
    return this.#fields.count(session);
  }

  /** Returns the bytes in the session's keys and values. */
  size(session: Session): number {
    return this.#fields.size(session);
  }

  /** Returns the bytes of memory that the session's keys and values take, including overhead. */
  memory(session: Session): number {
    return this.#fields.memoryOf(session);
  }

  encoding(session: Session): Encoding {
    return this.#fields.encoding(session);
  }

  forEachKey(session: Session, visit: (key: Slice) => void): void {
    this.#fields.forEachKey(session, visit);
  }

  /** Visits every key and value without extending the session: for observers, not for users of the session. */
  peek(session: Session, visit: (key: Slice, value: Slice) => void): void {
    this.#fields.forEach(session, visit);
  }

  /** Returns a key by its place, from 0 to `count` - 1, in the order in which `peek` visits them. */
  keyAt(session: Session, place: number): Slice {
    return this.#fields.keyAt(session, place);
  }

  /** Like `getPart`, without extending the session. */
  peekPart(session: Session, key: Slice, offset: number, length: number): Slice | undefined {
    return this.#fields.read(session, key, offset, length);
  }

  /** Like `get`, without extending the session. */
  peekValue(session: Session, key: Slice): Slice | undefined {
    return this.#fields.get(session, key);
  }

  /** Like `getLength`, without extending the session. */
  peekLength(session: Session, key: Slice): number {
    return this.#fields.valueLength(session, key);
  }

  /** Returns when a key is due, in ms on the engine's clock, or Infinity if it has no deadline or does not exist. */
  keyDeadline(session: Session, key: Slice): number {
    const deadline = this.#keyDeadlines.deadline(session, key);
    // Of a key that is due, the deadline may still be there.
    return deadline === Infinity || this.#fields.has(session, key) ? deadline : Infinity;
  }

  /** Returns a time in ms before which no key of the session is due, or Infinity if none has a deadline. */
  firstKeyDeadline(session: Session): number {
    return this.#keyDeadlines.earliest(session);
  }

  /** Visits the keys that have deadlines, with each deadline in ms on the engine's clock. */
  forEachKeyDeadline(session: Session, visit: (key: Slice, deadline: number) => void): void {
    this.#keyDeadlines.forEach(session, visit);
  }

  /**
   * Visits some keys, with the length of each value in bytes. The visitor may look at the values (`peekPart`). A scan
   * starts at 0 and continues until this returns 0. It visits every key that exists throughout the scan, whatever else
   * changes. It visits a key twice only if keys are removed meanwhile.
   * @param cursor 0, or what the previous call returned.
   * @param count How many keys to visit, 1 or more. The keys of a packed session are always visited in one call.
   * @returns The cursor for the next call, or 0 at the end.
   */
  peekSome(session: Session, cursor: number, count: number, visit: (key: Slice, length: number) => void): number {
    return this.#fields.scanFields(session, cursor, count, visit);
  }

  // Reading

  /** Counts one read of the session. For a caller that then looks at several keys. */
  read(session: Session): void {
    this.#read(session);
  }

  get(session: Session, key: Slice): Slice | undefined {
    this.#read(session);
    return this.#fields.get(session, key);
  }

  /**
   * Returns a part of a value, or undefined if there is no such key. The part is shorter than `length` if the value
   * ends earlier. The cost depends on the part, not on the length of the value.
   * @param offset In bytes, from 0.
   * @param length In bytes.
   */
  getPart(session: Session, key: Slice, offset: number, length: number): Slice | undefined {
    this.#read(session);
    return this.#fields.read(session, key, offset, length);
  }

  /** Returns the length of a value in bytes, or 0 if there is no such key. The cost does not depend on the length. */
  getLength(session: Session, key: Slice): number {
    this.#read(session);
    return this.#fields.valueLength(session, key);
  }

  /** Visits the value of each key, undefined where it is missing. Counts as one read. */
  getMany(session: Session, keys: readonly Slice[], visit: (value: Slice | undefined) => void): void {
    this.#read(session);
    for (const key of keys) visit(this.#fields.get(session, key));
  }

  /** Returns the value of a string, or undefined if the session has none. */
  getString(session: Session): Slice | undefined {
    this.#read(session);
    return this.#fields.get(session, STRING_KEY);
  }

  forEach(session: Session, visit: (key: Slice, value: Slice) => void): void {
    this.#read(session);
    this.#fields.forEach(session, visit);
  }

  // Writing strings

  /** Makes a session a string with this value, whatever it was before. */
  setString(session: Session, value: Slice): void {
    if (!this.#isString(session)) {
      this.#clear(session);
      this.#slots.setFlags(session, (this.#slots.flags(session) & ~KIND_FLAGS) | Flag.String);
      this.#changes?.onChanged(session);
    }
    this.#set(session, STRING_KEY, value);
    this.#wrote(session);
  }

  /**
   * Appends bytes to a string. A session without data becomes a string. Returns the new length in bytes.
   * @throws SessionError WRONGTYPE if the session has keys, ERR if the value would exceed the maximum length.
   */
  appendToString(session: Session, value: Slice): number {
    if (this.#isString(session)) return this.#append(session, STRING_KEY, value);
    this.#checkNoKeys(session);
    this.#checkLength(value.length);
    this.setString(session, value);
    return value.length;
  }

  /**
   * Writes bytes into a string from `offset` on, in bytes: overwrites what is there, and extends the string if
   * necessary. Any gap before `offset` is filled with zero bytes. A session without data becomes a string. Returns the
   * new length in bytes.
   * @throws SessionError WRONGTYPE if the session has keys, ERR if the value would exceed the maximum length.
   */
  writeToString(session: Session, offset: number, part: Slice): number {
    if (this.#isString(session)) return this.#write(session, STRING_KEY, offset, part);
    this.#checkNoKeys(session);
    const value = this.padded(offset, part);
    this.setString(session, value);
    return value.length;
  }

  /**
   * Returns `zeros` zero bytes followed by `part`: what an empty string becomes when `part` is written at offset
   * `zeros`.
   * @throws SessionError ERR if that would exceed the maximum length.
   */
  padded(zeros: number, part: Slice): Slice {
    this.#checkLength(zeros + part.length);
    const bytes = Buffer.alloc(zeros + part.length);
    part.writeTo(bytes, zeros);
    return Slice.of(bytes);
  }

  /**
   * Adds to an integer. A session without data counts as 0. Returns the sum.
   * @throws SessionError WRONGTYPE if the session has keys, ERR if the value is not a 64-bit integer or the sum would
   *   not be.
   */
  incrementString(session: Session, increment: bigint): bigint {
    this.#checkNoKeys(session);
    const sum = this.#sum(session, STRING_KEY, increment, 'value is not an integer or out of range');
    this.setString(session, Slice.of(String(sum)));
    return sum;
  }

  // Writing keys

  /**
   * Sets keys to values.
   * @param pairs Alternating keys and values.
   */
  set(session: Session, pairs: readonly Slice[]): void {
    this.#checkType(session);
    this.#setPairs(session, pairs);
  }

  #setPairs(session: Session, pairs: readonly Slice[]): void {
    for (let i = 0; i < pairs.length; i += 2) this.#set(session, pairs[i], pairs[i + 1]);
    this.#wrote(session);
  }

  /** Like `set`, but a key keeps its deadline. */
  setKeeping(session: Session, pairs: readonly Slice[]): void {
    this.#checkType(session);
    for (let i = 0; i < pairs.length; i += 2) this.#setKeepingDeadline(session, pairs[i], pairs[i + 1]);
    this.#wrote(session);
  }

  /**
   * Sets when a key is due. A key whose deadline has come is removed at once, as at any deadline; a key of Redis that
   * loses its last field by that has then ended.
   * @param deadline In ms on the engine's clock; Infinity for never.
   * @returns false if there is no such key.
   */
  setKeyDeadline(session: Session, key: Slice, deadline: number): boolean {
    this.#checkType(session);
    if (!this.#fields.has(session, key)) return false;
    const { now } = this.#deadlines;
    // A deadline that has passed long ago was not missed.
    const at = Math.max(deadline, now);
    if (at === Infinity && this.#keyDeadlines.deadline(session, key) === Infinity) return true;
    this.#keyDeadlines.set(session, key, at);
    this.#changes?.onKeyDeadline(session, key, at);
    this.#wrote(session);
    if (at === now) this.#settleKeys(session);
    return true;
  }

  /**
   * Sets only the keys that the session does not have yet. Returns how many it set.
   * @param pairs Alternating keys and values.
   */
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

  /** Sets a key to `value` if its current value is `expected`. Returns whether it was. */
  compareAndSet(session: Session, key: Slice, expected: Slice, value: Slice): boolean {
    this.#checkType(session);
    // One byte more shows that a value is longer, however long it is.
    if (this.#fields.read(session, key, 0, expected.length + 1)?.equals(expected) !== true) return false;
    this.set(session, [key, value]);
    return true;
  }

  /**
   * Adds to an integer. A missing value counts as 0. Returns the sum.
   * @param complaint The message of the error if the value is not an integer.
   * @throws SessionError ERR if the value is not a 64-bit integer or the sum would not be.
   */
  increment(
    session: Session,
    key: Slice,
    increment: bigint,
    complaint = 'value is not an integer: the value of this key must be a whole number from -2^63 to 2^63 - 1',
  ): bigint {
    this.#checkType(session);
    const sum = this.#sum(session, key, increment, complaint);
    this.#setKeepingDeadline(session, key, Slice.of(String(sum)));
    this.#wrote(session);
    return sum;
  }

  /**
   * Appends bytes to a value. A missing value starts empty. Returns the new length in bytes.
   * @throws SessionError ERR if the value would exceed the maximum length.
   */
  append(session: Session, key: Slice, value: Slice): number {
    this.#checkType(session);
    return this.#append(session, key, value);
  }

  #append(session: Session, key: Slice, value: Slice): number {
    return this.#write(session, key, this.#fields.valueLength(session, key), value);
  }

  /** Returns the new length of the value in bytes. */
  #write(session: Session, key: Slice, offset: number, part: Slice): number {
    const before = this.#fields.valueLength(session, key);
    const length = Math.max(before, offset + part.length);
    this.#checkLength(length);
    this.#fields.write(session, key, offset, part);
    this.#changes?.onWritten(session, key, offset, part, before);
    this.#wrote(session);
    return length;
  }

  /** Removes keys. Returns how many of them existed. */
  delete(session: Session, keys: readonly Slice[]): number {
    this.#checkType(session);
    return this.#delete(session, keys);
  }

  #delete(session: Session, keys: readonly Slice[]): number {
    let deleted = 0;
    for (const key of keys) {
      if (!this.#fields.delete(session, key)) continue;
      this.#keyDeadlines.delete(session, key);
      this.#changes?.onDeleted(session, key);
      deleted++;
    }
    if (deleted > 0) this.#wrote(session);
    return deleted;
  }

  /** Removes every key; the session stays. Returns how many keys there were. */
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

  // Sets and sorted sets

  /**
   * Adds members to a set. A session without data becomes a set. Returns how many members are new.
   * @throws SessionError WRONGTYPE if the session has data of another kind.
   */
  addMembers(session: Session, members: readonly Slice[]): number {
    this.#become(session, Flag.Set);
    let added = 0;
    for (const member of members) {
      if (this.#fields.has(session, member)) continue;
      this.#set(session, member, NO_VALUE);
      added++;
    }
    if (added > 0) this.#wrote(session);
    return added;
  }

  /**
   * Removes members of a set or a sorted set. Returns how many of them existed.
   * @throws SessionError WRONGTYPE if the session is neither.
   */
  removeMembers(session: Session, members: readonly Slice[]): number {
    if ((this.#slots.flags(session) & (Flag.Set | Flag.SortedSet)) === 0) throw WRONG_TYPE;
    return this.#delete(session, members);
  }

  /**
   * Removes all members of a set or a sorted set, in an instant.
   * @throws SessionError WRONGTYPE if the session is neither.
   */
  removeAllMembers(session: Session): void {
    if ((this.#slots.flags(session) & (Flag.Set | Flag.SortedSet)) === 0) throw WRONG_TYPE;
    if (this.#clear(session) > 0) this.#wrote(session);
  }

  /**
   * Sets the score of a member of a sorted set. A session without data becomes a sorted set.
   * @param score Any number but NaN.
   * @throws SessionError WRONGTYPE if the session has data of another kind.
   */
  setScore(session: Session, member: Slice, score: number): void {
    this.#become(session, Flag.SortedSet);
    this.#set(session, member, scoreText(score));
    if (this.#fields.encoding(session) === 'hashed') this.#fields.keepOrder(session);
    this.#wrote(session);
  }

  /**
   * Makes a session a set or a sorted set with these members, whatever it was before.
   * @param pairs Alternating members and values: empty for a set, otherwise scores as `scoreText` writes them.
   */
  replaceWith(session: Session, kind: 'set' | 'zset', pairs: Iterable<Slice>): void {
    this.#clear(session);
    this.#slots.setFlags(session, (this.#slots.flags(session) & ~KIND_FLAGS) | FLAG_OF_KIND[kind]);
    this.#changes?.onChanged(session);
    let member: Slice | undefined;
    for (const slice of pairs) {
      if (member !== undefined) this.#set(session, member, slice);
      member = member === undefined ? slice : undefined;
    }
    if (kind === 'zset' && this.#fields.encoding(session) === 'hashed') this.#fields.keepOrder(session);
    this.#wrote(session);
  }

  /** Returns the score of a member of a sorted set, or undefined if there is no such member. Does not extend. */
  peekScore(session: Session, member: Slice): number | undefined {
    const value = this.#fields.get(session, member);
    return value && parseScore(value);
  }

  /** Returns the members of a sorted set in order. Does not extend. */
  peekOrder(session: Session): Order {
    return this.#fields.orderOf(session);
  }

  /** Makes a session without data one of a kind. @throws SessionError WRONGTYPE if it has data of another kind. */
  #become(session: Session, kind: number): void {
    const flags = this.#slots.flags(session);
    if ((flags & KIND_FLAGS) === kind) return;
    this.#checkType(session);
    this.#checkNoKeys(session);
    // There may be keys that are due.
    this.#clear(session);
    this.#slots.setFlags(session, flags | kind);
    this.#changes?.onChanged(session);
  }

  #checkType(session: Session): void {
    if ((this.#slots.flags(session) & KIND_FLAGS) !== 0) throw WRONG_TYPE;
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
    // A value may be very long. Longer than this, it is no integer.
    const value = this.#fields.read(session, key, 0, MAX_INT64_LENGTH + 1);
    const number = value === undefined ? 0n : parseInt64(value);
    if (number === undefined) throw new SessionError('ERR', notAnInteger);
    const sum = withinInt64(number + increment);
    if (sum === undefined) throw new SessionError('ERR', 'increment or decrement would overflow');
    return sum;
  }

  #set(session: Session, key: Slice, value: Slice): void {
    this.#fields.set(session, key, value);
    this.#keyDeadlines.delete(session, key);
    this.#changes?.onSet(session, key, value);
  }

  #setKeepingDeadline(session: Session, key: Slice, value: Slice): void {
    const deadline = this.keyDeadline(session, key);
    this.#set(session, key, value);
    if (deadline === Infinity) return;
    this.#keyDeadlines.set(session, key, deadline);
    this.#changes?.onKeyDeadline(session, key, deadline);
  }

  /** Returns how many keys there were, without those that were due. */
  #clear(session: Session): number {
    const keys = this.#fields.count(session);
    const cleared = this.#fields.clear(session);
    this.#keyDeadlines.clear(session);
    if (cleared > 0) this.#changes?.onEmptied(session);
    return keys;
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
      // A session that was cleared at its deadline starts a new duration with its first write.
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
