import type { Slice } from '../../slice.js';
import type { EngineParts } from '../engine-parts.js';
import { writeAs } from '../fields/write-as.js';
import type { Session } from '../session.js';

type UnseenParts = Pick<EngineParts, 'slots' | 'fields' | 'keyDeadlines'>;

/**
 * A session whose data is assembled piece by piece while other clients are served. It has a slot, and its data is
 * stored like that of any session. But it cannot be found, and does not count, until `SessionEngine.create` makes it
 * visible.
 */
export class UnseenSession {
  /** The slot of its data, which becomes the visible session's slot. */
  readonly slot: Session;
  readonly #parts: UnseenParts;
  #isOver = false;

  constructor(parts: UnseenParts) {
    this.#parts = parts;
    this.slot = parts.slots.allocate(0) as Session;
  }

  set(key: Slice, value: Slice): void {
    this.#parts.fields.set(this.slot, key, value);
    this.#parts.keyDeadlines.delete(this.slot, key);
  }

  /** Sets when a key is due, in ms on the engine's clock. Does nothing if there is no such key. */
  setKeyDeadline(key: Slice, deadline: number): void {
    if (this.has(key)) this.#parts.keyDeadlines.set(this.slot, key, deadline);
  }

  /** See `writeAs`. */
  write(key: Slice, offset: number, bytes: Slice, lengthBefore: number): void {
    writeAs(this.#parts.fields, this.slot, key, offset, bytes, lengthBefore);
  }

  delete(key: Slice): void {
    this.#parts.fields.delete(this.slot, key);
    this.#parts.keyDeadlines.delete(this.slot, key);
  }

  clear(): void {
    this.#parts.fields.clear(this.slot);
    this.#parts.keyDeadlines.clear(this.slot);
  }

  has(key: Slice): boolean {
    return this.#parts.fields.has(this.slot, key);
  }

  /** Keeps the keys in order from now on. Returns false if a value is not a score. See `FieldStore.keepOrder`. */
  keepOrder(): boolean {
    return this.#parts.fields.keepOrder(this.slot);
  }

  /** The number of keys. */
  get keys(): number {
    return this.#parts.fields.count(this.slot);
  }

  /** Whether it was revealed or discarded. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Makes it a visible session with these flags. Returns its slot. */
  reveal(flags: number): Session {
    this.#isOver = true;
    const { slots, keyDeadlines } = this.#parts;
    slots.reveal(this.slot, flags);
    // Its keys may have become due before it was a session.
    keyDeadlines.first(this.slot);
    return this.slot;
  }

  /** Discards it and its data. Does nothing if it was revealed or discarded already. */
  discard(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.clear();
    this.#parts.slots.release(this.slot);
  }
}
