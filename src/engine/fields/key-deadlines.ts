import { Slice } from '../../slice.js';
import type { ArenaMemory } from '../memory/arena.js';
import { column, longer, resized, shorter } from '../memory/column.js';
import { NO_BYTES } from '../memory/slab-space.js';
import { Numbering } from '../tables/numbering.js';
import { NONE, type SlotTable } from '../tables/slot-table.js';
import type { Clock } from '../time/clock.js';
import { Reaper } from '../time/reaper.js';
import { TimingWheel } from '../time/timing-wheel.js';
import { PackedFieldStore } from './packed-field-store.js';
import { parseScore, scoreText } from './scores.js';

/** A key and when it is due, in ms on the engine's clock. */
interface DueKey {
  readonly key: Slice;
  readonly deadline: number;
}

/**
 * A deadline is kept in tenths of a millisecond, rounded down. With a whole number of milliseconds more it would be up
 * to one too late or too early; with more digits, it would take more memory.
 */
const PER_MS = 10;
const FIRST_ROWS = 1024;
/** The columns can grow to this many rows in place. Beyond that, they are copied to twice the length. */
const RESERVED_ROWS = 2 ** 25;

/**
 * The deadlines of keys. A session of which any key has one takes a *row*: what is kept for it is indexed by rows, so
 * that all other sessions cost nothing.
 *
 * A row has the keys and their deadlines in a field store of its own. So they are packed, share the list of their keys
 * with other sessions (`Shapes`), and move to a hash table if they are many, where they are kept in the order of their
 * deadlines. And a row has a timer, on a wheel of its own: for the first of its keys that is due, or earlier.
 *
 * Whoever sets, removes or clears keys must do the same here.
 */
export class KeyDeadlines {
  /** Bytes of memory that each row takes: timer, owner, and place in the field store. */
  static readonly BYTES_PER_ROW = TimingWheel.BYTES_PER_TIMER + 8;

  readonly #slots: SlotTable;
  readonly #numbering = new Numbering();
  /** The slot of each row. */
  #owners = column(Int32Array, FIRST_ROWS, RESERVED_ROWS);
  /** The keys of each row with their deadlines, as scores. */
  readonly #fields: PackedFieldStore;
  readonly #wheel: TimingWheel;
  readonly #reaper: Reaper;
  readonly #onRemoved: () => void;
  /** Whether any key has had a deadline yet. */
  #isUsed = false;

  // What `first` has found in a packed row.
  readonly #key = new Slice(NO_BYTES, 0, 0);
  #deadline = Infinity;
  readonly #look = (key: Slice, value: Slice): void => {
    const deadline = parseScore(value);
    if (deadline >= this.#deadline) return;
    this.#deadline = deadline;
    this.#key.point(key.bytes, key.start, key.end);
  };

  /**
   * @param onDue Called with a slot of which a key may be due. Its timer has stopped: the callee removes what is due,
   *   and calls `first`. Returns whether that took long.
   * @param onRemoved Called when something was removed that `trim` and `reclaim` can free.
   * @param onSlice See `Reaper`.
   */
  constructor(
    slots: SlotTable,
    clock: Clock,
    onDue: (slot: number) => boolean,
    onRemoved: () => void,
    onSlice?: (ms: number) => void,
  ) {
    this.#slots = slots;
    this.#onRemoved = onRemoved;
    this.#fields = new PackedFieldStore(onRemoved);
    this.#wheel = new TimingWheel((row) => onDue(this.#owners[row]), { start: clock.now() });
    this.#reaper = new Reaper(this.#wheel, clock, onSlice);
  }

  /** The number of keys that have a deadline. */
  get keys(): number {
    return this.#fields.keys;
  }

  /** The number of sessions that have such keys. */
  get sessions(): number {
    return this.#numbering.taken;
  }

  /** Bytes of memory that the deadlines take, including what was removed but is not freed yet. */
  get memory(): number {
    // The engine asks before every write.
    if (!this.#isUsed) return 0;
    return this.#fields.memory + this.#numbering.taken * KeyDeadlines.BYTES_PER_ROW;
  }

  /** See `FieldStore.arenas`. */
  get arenas(): readonly ArenaMemory[] {
    return this.#fields.arenas;
  }

  /** See `FieldStore.isFull`. */
  get isFull(): boolean {
    return this.#fields.isFull;
  }

  /** Returns the bytes of memory that the deadlines of a session take. */
  memoryOf(slot: number): number {
    const row = this.#slots.keyRow(slot);
    return row === NONE ? 0 : KeyDeadlines.BYTES_PER_ROW + this.#fields.memoryOf(row);
  }

  /** Returns when a key is due, in ms, or Infinity if it has no deadline. */
  deadline(slot: number, key: Slice): number {
    const row = this.#slots.keyRow(slot);
    const value = row === NONE ? undefined : this.#fields.get(row, key);
    return value === undefined ? Infinity : parseScore(value) / PER_MS;
  }

  /**
   * Sets when a key, which the session must have, is due.
   * @param deadline In ms; Infinity for never.
   * @throws SessionError OOM if there is no memory.
   */
  set(slot: number, key: Slice, deadline: number): void {
    if (deadline === Infinity) {
      this.delete(slot, key);
      return;
    }
    const had = this.#slots.keyRow(slot);
    const row = had === NONE ? this.#take(slot) : had;
    const score = Math.max(0, Math.floor(deadline * PER_MS));
    try {
      this.#fields.set(row, key, scoreText(score));
      if (this.#fields.encoding(row) === 'hashed') this.#fields.keepOrder(row);
    } catch (error) {
      if (had === NONE) this.#release(slot, row);
      throw error;
    }
    this.#expect(row, score / PER_MS);
  }

  /** Removes the deadline of a key. Returns whether it had one. */
  delete(slot: number, key: Slice): boolean {
    const row = this.#slots.keyRow(slot);
    if (row === NONE || !this.#fields.delete(row, key)) return false;
    if (this.#fields.count(row) === 0) this.#release(slot, row);
    return true;
  }

  /** Removes the deadlines of all keys of a session. */
  clear(slot: number): void {
    const row = this.#slots.keyRow(slot);
    if (row === NONE) return;
    this.#fields.clear(row);
    this.#release(slot, row);
  }

  /**
   * Copies the deadlines of all keys of a session to one that has none.
   * @throws SessionError OOM if there is no memory. The copy then has none.
   */
  copy(from: number, to: number): void {
    const source = this.#slots.keyRow(from);
    if (source === NONE) return;
    const row = this.#take(to);
    try {
      this.#fields.copy(source, row);
    } catch (error) {
      this.clear(to);
      throw error;
    }
    this.first(to);
  }

  /** Visits the keys that have deadlines, with each deadline in ms. What the visitor gets is valid until it returns. */
  forEach(slot: number, visit: (key: Slice, deadline: number) => void): void {
    const row = this.#slots.keyRow(slot);
    if (row !== NONE) this.#fields.forEach(row, (key, value) => visit(key, parseScore(value) / PER_MS));
  }

  /** Returns a time in ms before which no key of the session is due, or Infinity if none has a deadline. */
  earliest(slot: number): number {
    const row = this.#slots.keyRow(slot);
    return row === NONE ? Infinity : this.#wheel.deadline(row);
  }

  /** Returns the key of a session that is due first, and sets the timer for it. Returns undefined if there is none. */
  first(slot: number): DueKey | undefined {
    const row = this.#slots.keyRow(slot);
    if (row === NONE) return undefined;
    this.#deadline = Infinity;
    if (this.#fields.encoding(row) === 'packed') {
      this.#fields.forEach(row, this.#look);
    } else {
      this.#fields.orderOf(row).visit(0, 1, 1, ({ bytes, start, end }, score) => {
        this.#key.point(bytes, start, end);
        this.#deadline = score;
      });
    }
    const deadline = this.#deadline / PER_MS;
    this.#wheel.schedule(row, deadline);
    this.#reaper.expect(deadline);
    return { key: Slice.of(this.#key.copy()), deadline };
  }

  /** Returns how many keys of a session are due by a time in ms. */
  countDue(slot: number, time: number): number {
    const row = this.#slots.keyRow(slot);
    if (row === NONE || this.#wheel.deadline(row) > time) return 0;
    const score = Math.floor(time * PER_MS);
    if (this.#fields.encoding(row) === 'hashed') return this.#fields.orderOf(row).countBelow(score, true);
    let count = 0;
    this.#fields.forEach(row, (_, value) => {
      if (parseScore(value) <= score) count++;
    });
    return count;
  }

  /** Stops the wheel: nothing is due by itself any more. */
  stop(): void {
    this.#reaper.stop();
  }

  /** Until `release` is called, the wheel treats nothing as due. */
  hold(): void {
    this.#reaper.hold();
  }

  /** Ends `hold`. What has become due meanwhile is due soon. */
  release(): void {
    this.#reaper.release();
  }

  /** See `FieldStore.reclaim`. */
  reclaim(): boolean {
    return this.#fields.reclaim();
  }

  /** Frees some of the memory if there is much more than needed. Returns whether there may be more. */
  trim(): boolean {
    const rows = this.#numbering.end;
    const owners = shorter(this.#owners.length, rows);
    const trimmed = [this.#wheel.trim(rows), this.#fields.trim(rows), owners < this.#owners.length];
    this.#owners = resized(this.#owners, owners);
    return trimmed.includes(true);
  }

  #expect(row: number, deadline: number): void {
    if (deadline >= this.#wheel.deadline(row)) return;
    this.#wheel.schedule(row, deadline);
    this.#reaper.expect(deadline);
  }

  #take(slot: number): number {
    this.#isUsed = true;
    const row = this.#numbering.take();
    if (row >= this.#owners.length) this.#owners = resized(this.#owners, longer(this.#owners.length, row + 1));
    this.#owners[row] = slot;
    this.#slots.setKeyRow(slot, row);
    return row;
  }

  #release(slot: number, row: number): void {
    this.#wheel.cancel(row);
    this.#slots.setKeyRow(slot, NONE);
    this.#numbering.release(row);
    this.#onRemoved();
  }
}
