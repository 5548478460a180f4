import type { Slice } from '../../slice.js';
import type { FieldStore } from './field-store.js';

/** What `SessionData` needs of a field store. */
export type DataFields = Omit<
  FieldStore,
  | 'keys'
  | 'bytes'
  | 'memory'
  | 'arenas'
  | 'isFull'
  | 'shapes'
  | 'fill'
  | 'copy'
  | 'keepOrderInSteps'
  | 'reclaim'
  | 'trim'
>;

/** What is due, as of the current operation. */
interface DueKeys {
  /** Returns how many keys of a session are due and have not been removed yet. */
  count(slot: number): number;
  has(slot: number, key: Slice): boolean;
  /** Removes a key if it is due. */
  remove(slot: number, key: Slice): void;
}

/**
 * The fields of sessions without the keys that are due. It is used while there are sessions of which so many keys are
 * due at once that they are removed in slices. Until they are gone, nobody sees them: a key that is asked for is removed
 * first, and a walk through all keys leaves them out.
 */
export class UndueFields implements DataFields {
  readonly #fields: FieldStore;
  readonly #due: DueKeys;

  constructor(fields: FieldStore, due: DueKeys) {
    this.#fields = fields;
    this.#due = due;
  }

  count(slot: number): number {
    return this.#fields.count(slot) - this.#due.count(slot);
  }

  /** Includes the keys that are due. */
  size(slot: number): number {
    return this.#fields.size(slot);
  }

  memoryOf(slot: number): number {
    return this.#fields.memoryOf(slot);
  }

  encoding(slot: number) {
    return this.#fields.encoding(slot);
  }

  has(slot: number, key: Slice): boolean {
    this.#due.remove(slot, key);
    return this.#fields.has(slot, key);
  }

  get(slot: number, key: Slice): Slice | undefined {
    this.#due.remove(slot, key);
    return this.#fields.get(slot, key);
  }

  read(slot: number, key: Slice, offset: number, length: number): Slice | undefined {
    this.#due.remove(slot, key);
    return this.#fields.read(slot, key, offset, length);
  }

  valueLength(slot: number, key: Slice): number {
    this.#due.remove(slot, key);
    return this.#fields.valueLength(slot, key);
  }

  set(slot: number, key: Slice, value: Slice): void {
    this.#due.remove(slot, key);
    this.#fields.set(slot, key, value);
  }

  write(slot: number, key: Slice, offset: number, bytes: Slice): void {
    this.#due.remove(slot, key);
    this.#fields.write(slot, key, offset, bytes);
  }

  delete(slot: number, key: Slice): boolean {
    this.#due.remove(slot, key);
    return this.#fields.delete(slot, key);
  }

  /** The result includes the keys that are due. */
  clear(slot: number): number {
    return this.#fields.clear(slot);
  }

  forEach(slot: number, visit: (key: Slice, value: Slice) => void): void {
    this.#fields.forEach(slot, (key, value) => {
      if (!this.#due.has(slot, key)) visit(key, value);
    });
  }

  forEachKey(slot: number, visit: (key: Slice) => void): void {
    this.#fields.forEachKey(slot, (key) => {
      if (!this.#due.has(slot, key)) visit(key);
    });
  }

  scanFields(slot: number, cursor: number, count: number, visit: (key: Slice, length: number) => void): number {
    return this.#fields.scanFields(slot, cursor, count, (key, length) => {
      if (!this.#due.has(slot, key)) visit(key, length);
    });
  }

  /** Removes the keys that are due at this place: each time, the last key takes it. */
  keyAt(slot: number, place: number): Slice {
    for (;;) {
      const key = this.#fields.keyAt(slot, place);
      if (!this.#due.has(slot, key)) return this.#fields.keyAt(slot, place);
      this.#due.remove(slot, key);
    }
  }

  keepOrder(slot: number): boolean {
    return this.#fields.keepOrder(slot);
  }

  orderOf(slot: number) {
    return this.#fields.orderOf(slot);
  }
}
