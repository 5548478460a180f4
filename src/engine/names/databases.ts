import type { Slice } from '../../slice.js';
import { SlotSet } from '../tables/slot-set.js';
import { NONE } from '../tables/slot-table.js';
import { databaseOf } from './key-name.js';

/**
 * The shared sessions that are keys of databases other than 0, by database, exactly. All other sessions are in database
 * 0, for which nothing is kept.
 */
export class Databases {
  readonly #keys = new Map<number, SlotSet>();
  #size = 0;

  /** The number of keys in all databases from 1 on. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of memory that the sets of keys take. */
  get memory(): number {
    let bytes = 0;
    if (this.#size > 0) for (const keys of this.#keys.values()) bytes += keys.bytes;
    return bytes;
  }

  /** The databases from 1 on that have keys, in order. */
  get numbers(): number[] {
    return [...this.#keys.keys()].filter((database) => this.count(database) > 0).sort((a, b) => a - b);
  }

  count(database: number): number {
    return this.#keys.get(database)?.size ?? 0;
  }

  /** Returns whether a slot is a key of a database from 1 on. Looks into each database. */
  has(slot: number): boolean {
    if (this.#size > 0) for (const keys of this.#keys.values()) if (keys.has(slot)) return true;
    return false;
  }

  /** Returns the first key of a database from a slot on, or NONE. */
  from(database: number, slot: number): number {
    return this.#keys.get(database)?.from(slot) ?? NONE;
  }

  /** Returns the key of a database that `rank` keys come before, in the order of slots, or NONE. */
  at(database: number, rank: number): number {
    return this.#keys.get(database)?.at(rank) ?? NONE;
  }

  /** Adds a shared session, if its name is that of a key of a database other than 0. */
  add(name: Slice, slot: number): void {
    const database = databaseOf(name);
    if (database === 0) return;
    let keys = this.#keys.get(database);
    if (keys === undefined) {
      keys = new SlotSet();
      this.#keys.set(database, keys);
    }
    keys.add(slot);
    this.#size++;
  }

  /** Removes a shared session. Does nothing if it is a key of database 0. */
  delete(name: Slice, slot: number): void {
    if (this.#keys.get(databaseOf(name))?.delete(slot)) this.#size--;
  }

  clear(): void {
    this.#keys.clear();
    this.#size = 0;
  }
}
