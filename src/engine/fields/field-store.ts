import type { Slice } from '../../slice.js';
import type { ArenaMemory } from '../memory/arena.js';
import type { Order } from './order.js';
import type { ShapeTotals } from './shapes.js';

/**
 * Stores the keys and values of sessions, by slot. Keys and values are bytes of any length and content. The store
 * copies what it is given. What it returns is a view of its memory, valid until the next call.
 *
 * Every method that stores bytes throws a SessionError OOM if there is no memory for them.
 */
export interface FieldStore {
  /** The number of keys of all slots. */
  readonly keys: number;
  /** Bytes in the keys and values of all slots. */
  readonly bytes: number;
  /**
   * Bytes of memory that the keys and values take, including overhead and what was removed but is not freed yet. Memory
   * kept for later use does not count.
   */
  readonly memory: number;
  /** The arenas that the keys and values are in. */
  readonly arenas: readonly ArenaMemory[];
  /**
   * Whether the store is nearly at its own limits, however much memory the system has. Operations under way still have
   * room.
   */
  readonly isFull: boolean;

  /** Returns what shapes save (see `Shapes`). */
  shapes(): ShapeTotals;
  /** Returns the number of keys of the slot. */
  count(slot: number): number;
  /** Returns the bytes in the keys and values of the slot. */
  size(slot: number): number;
  /** Returns the bytes of memory that the slot's keys and values take, including overhead. */
  memoryOf(slot: number): number;
  encoding(slot: number): Encoding;
  has(slot: number, key: Slice): boolean;
  get(slot: number, key: Slice): Slice | undefined;
  /**
   * Returns a part of a value, or undefined if there is no such key. The part is shorter than `length` if the value
   * ends earlier. The cost depends on the part, not on the length of the value.
   * @param offset In bytes, from 0.
   * @param length In bytes.
   */
  read(slot: number, key: Slice, offset: number, length: number): Slice | undefined;
  /** Returns the length of the value in bytes, or 0 if there is no such key. */
  valueLength(slot: number, key: Slice): number;
  /**
   * Sets the first keys of a slot that has none.
   * @param pairs Alternating keys and values. If a key occurs twice, its last value counts.
   */
  fill(slot: number, pairs: readonly Slice[]): void;
  /**
   * Copies all keys and values of a slot to one that has none.
   * @throws SessionError OOM if there is no memory. The copy is then incomplete.
   */
  copy(from: number, to: number): void;
  /** Sets one key. */
  set(slot: number, key: Slice, value: Slice): void;
  /**
   * Writes bytes into a value from `offset` on: overwrites what is there, and extends the value if necessary. Any gap
   * between the end of the value and `offset` is filled with zero bytes. A missing value starts empty.
   */
  write(slot: number, key: Slice, offset: number, bytes: Slice): void;
  /** Removes one key. Returns whether it existed. */
  delete(slot: number, key: Slice): boolean;
  /**
   * Removes every key of the slot. Returns how many there were. Returns quickly however many there were: `reclaim`
   * frees the rest of their memory later.
   */
  clear(slot: number): number;
  /**
   * Visits every key and value of the slot, in the order in which the keys were first set. In a hashed slot, removing a
   * key moves the last key to its place. The visitor may read the store but not change it. The slices it gets are valid
   * until it returns.
   */
  forEach(slot: number, visit: (key: Slice, value: Slice) => void): void;
  /**
   * Returns the key at a place in the order of `forEach`, from 0 to `count` - 1. A key keeps its place until a key is
   * removed.
   */
  keyAt(slot: number, place: number): Slice;
  /** Visits every key of the slot, in the order of `forEach`. */
  forEachKey(slot: number, visit: (key: Slice) => void): void;
  /**
   * Visits some keys of the slot, with the length of each value in bytes. The visitor may read the values. A scan
   * starts at 0 and continues until this returns 0. It visits every key that exists throughout the scan, whatever else
   * changes. It visits a key twice only if keys are removed meanwhile.
   * @param cursor 0, or what the previous call returned.
   * @param count How many keys to visit, 1 or more. The keys of a packed slot are always visited in one call.
   * @returns The cursor for the next call, or 0 at the end.
   */
  scanFields(slot: number, cursor: number, count: number, visit: (key: Slice, length: number) => void): number;
  /**
   * Keeps the keys of a hashed slot in the order of their values, which must be scores, until the slot is cleared. Keys
   * of a packed slot are sorted when their order is asked for. Returns false, and changes nothing, if a value is not a
   * score.
   */
  keepOrder(slot: number): boolean;
  /**
   * Like `keepOrder`, in steps of a fraction of a millisecond. The slot must not change in between, nor may its order
   * be asked for.
   */
  keepOrderInSteps(slot: number): Generator<void, boolean>;
  /**
   * Returns the keys of a slot in the order of their values. If the slot is hashed, this keeps them in order from now
   * on, as `keepOrder` does.
   * @throws RangeError if a value is not a score.
   */
  orderOf(slot: number): Order;
  /** Frees some of the data that was removed, in a fraction of a millisecond. Returns whether there may be more. */
  reclaim(): boolean;
  /**
   * Frees some of the memory that slots below `slots` do not need. Slots from `slots` on must be empty. Returns whether
   * there may be more.
   */
  trim(slots: number): boolean;
}

/** The layout of a session's fields: `hashed`, a hash table, or `packed`, one run of bytes. */
export type Encoding = 'packed' | 'hashed';
