import type { Slice } from '../../slice.js';
import { writeAs } from '../fields/write-as.js';
import type { Session } from '../session.js';
import type { EngineParts } from './engine-parts.js';

/**
 * The data of a session that is assembled piece by piece while other clients are served. It cannot be found, and does
 * not count as a session, until the engine makes it one (`SessionEngine.create`). It has a slot, and its data is stored
 * like that of a session.
 */
export class UnseenSession {
  /** The slot of its data, and of the session later. */
  readonly slot: Session;
  readonly #parts: Pick<EngineParts, 'slots' | 'fields'>;
  #isOver = false;

  constructor(parts: Pick<EngineParts, 'slots' | 'fields'>) {
    this.#parts = parts;
    this.slot = parts.slots.allocate(0) as Session;
  }

  set(key: Slice, value: Slice): void {
    this.#parts.fields.set(this.slot, key, value);
  }

  /** See `writeAs`. */
  write(key: Slice, offset: number, bytes: Slice, lengthBefore: number): void {
    writeAs(this.#parts.fields, this.slot, key, offset, bytes, lengthBefore);
  }

  delete(key: Slice): void {
    this.#parts.fields.delete(this.slot, key);
  }

  clear(): void {
    this.#parts.fields.clear(this.slot);
  }

  has(key: Slice): boolean {
    return this.#parts.fields.has(this.slot, key);
  }

  /** The number of its keys. */
  get keys(): number {
    return this.#parts.fields.count(this.slot);
  }

  /** Whether it has become a session or was discarded. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Makes it a session with these flags. Returns its slot. */
  reveal(flags: number): Session {
    this.#isOver = true;
    this.#parts.slots.begin(this.slot, flags);
    return this.slot;
  }

  /** Discards it and its data. Does nothing once it is over. */
  discard(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.clear();
    this.#parts.slots.release(this.slot);
  }
}
