import type { Slice } from '../../slice.js';

/**
 * Where the keys and values of sessions are kept, by slot. Keys and values are bytes: any length, any
 * content. What a caller hands in is copied; what it gets is good until the next call.
 */
export interface FieldStore {
  /** Keys of all slots together. */
  readonly keys: number;
  /** Bytes in the keys and values of all slots together. */
  readonly bytes: number;
  /**
   * Bytes of memory that it takes for them, overhead included, and for what was removed and is not freed yet; not what it keeps for
   * later use.
   */
  readonly memory: number;
  /** Whether it can hardly take any more, whatever the system has: what is under way still has room. */
  readonly isFull: boolean;

  /** How many keys the slot has. */
  count(slot: number): number;
  /** Bytes in the keys and values of the slot. */
  size(slot: number): number;
  /** Bytes of memory that the slot's keys and values take, overhead included. */
  memoryOf(slot: number): number;
  encoding(slot: number): Encoding;
  has(slot: number, key: Slice): boolean;
  get(slot: number, key: Slice): Slice | undefined;
  /**
   * A part of a value, undefined if there is no such key. It is shorter than asked for where the value ends before: it
   * costs what the part does, however long the value is.
   * @param offset In bytes, from 0. @param length In bytes.
   */
  read(slot: number, key: Slice, offset: number, length: number): Slice | undefined;
  /** Length of the value in bytes, 0 if there is none. */
  valueLength(slot: number, key: Slice): number;
  /** Sets the first keys of a slot that has none. @param pairs Keys and values in turn; of two with the same key the later one counts. */
  fill(slot: number, pairs: readonly Slice[]): void;
  /** Sets one key. */
  set(slot: number, key: Slice, value: Slice): void;
  /**
   * Writes bytes into a value from `offset` on, over what it has there and beyond its end. One that does not reach `offset` is
   * filled up with zero bytes; one that is missing starts empty.
   */
  write(slot: number, key: Slice, offset: number, bytes: Slice): void;
  /** Removes one key. Returns whether it was there. */
  delete(slot: number, key: Slice): boolean;
  /** Removes every key of the slot. Returns how many there were. However many, that takes little time: the rest is for `reclaim`. */
  clear(slot: number): number;
  /**
   * Visits every key and value of the slot, in the order they were first set; in a hashed one, a key that is removed is replaced by the
   * last one. The visitor may read, but not change the store; what it is given is good until it returns.
   */
  forEach(slot: number, visit: (key: Slice, value: Slice) => void): void;
  /** A key, by its place in that order, from 0 to `count` - 1; it has the place until one is removed. */
  keyAt(slot: number, place: number): Slice;
  /** Visits every key of the slot, in the same order. */
  forEachKey(slot: number, visit: (key: Slice) => void): void;
  /**
   * Visits some keys of the slot, with the length of their values in bytes; the visitor may read those. A scan that starts at 0
   * and goes on until it is given 0 visits each key that is there throughout, whatever else is changed meanwhile; once, unless keys are
   * removed meanwhile.
   * @param cursor 0, or what the previous call returned. @param count How many keys to look at, 1 or more; those of a
   *   packed slot are all visited in one call.
   * @returns Where to go on, 0 at the end.
   */
  scanFields(slot: number, cursor: number, count: number, visit: (key: Slice, length: number) => void): number;
  /** Frees a part of what was removed, in a fraction of a millisecond. Returns whether there may be more. */
  reclaim(): boolean;
  /**
   * Gives some of the memory back that is not needed for slots below `slots`; those from there on must be empty.
   * Returns whether there may be more.
   */
  trim(slots: number): boolean;
}

/** How the fields of one session are laid out: `hashed`, a hash map; `packed`, one run of bytes. */
export type Encoding = 'packed' | 'hashed';
