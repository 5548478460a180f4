import { Slice } from '../../slice.js';
import { Arena, type ArenaMemory } from '../memory/arena.js';
import { column, longer, resized, shorter } from '../memory/column.js';
import type { KeyedHash } from '../tables/keyed-hash.js';
import { Numbering } from '../tables/numbering.js';
import { home, isFrom, itemOf, OpenAddressing } from '../tables/open-addressing.js';
import { NONE, type SlotTable } from '../tables/slot-table.js';
import { Databases } from './databases.js';

/**
 * Finds the sessions of each name, and is always exact. Each name in use has an id. The sessions of a name form a list
 * through the slot table's `older` and `newer`, in the order of their creation.
 *
 * The properties of a name are in a row of numbers, its bytes in an arena. A `Map` would not do: with a million names,
 * it rehashes itself within a single removal, which takes tens of milliseconds.
 */
export class NameIndex extends OpenAddressing {
  /** The keys of databases other than 0, but no doomed ones. */
  readonly databases = new Databases();
  readonly #slots: SlotTable;
  readonly #hash: KeyedHash;
  readonly #arena = new Arena((id, address) => {
    this.#rows[id * ROW + ADDRESS] = address;
  });
  /**
   * The properties of each name, `ROW` numbers per id. They share a row because ending a session touches all of them,
   * and with a million names each further array would be another cache miss.
   */
  #rows = column(Int32Array, FIRST_IDS * ROW, RESERVED_IDS * ROW);
  readonly #ids = new Numbering();
  readonly #endDoomed: (slot: number) => void;
  /** The number of names in the index whose sessions are all doomed. */
  #doomed = 0;
  /** The id of the name whose session was doomed last, and the id that its doomed sessions were moved to, or NONE. */
  readonly #moved = { from: NONE, to: NONE };

  /**
   * @param hash Hashes names.
   * @param endDoomed Ends a doomed session.
   */
  constructor(slots: SlotTable, hash: KeyedHash, endDoomed: (slot: number) => void = () => {}) {
    super();
    this.#endDoomed = endDoomed;
    this.#slots = slots;
    this.#hash = hash;
  }

  /** The number of names that have sessions. */
  get live(): number {
    return this.size - this.#doomed;
  }

  /** Call this when all sessions have been doomed. */
  doomAll(): void {
    this.#doomed = this.size;
    this.databases.clear();
  }

  /**
   * Call this when a session is doomed individually. Moves it to another id with the same name, which no look-up finds.
   * If the session is the only one with its name, it stays, and the next look-up of the name detaches the name.
   */
  doom(slot: number): void {
    const id = this.#slots.owner(slot);
    if (this.#rows[id * ROW + COUNT] === 1) {
      this.#doomed++;
      if (this.#rows[id * ROW + SHARED] === slot) this.#leaveDatabase(slot);
      return;
    }
    if (this.#moved.from !== id || this.#moved.to === NONE) {
      const name = Slice.of(this.sliceOf(slot).copy());
      this.#moved.from = id;
      this.#moved.to = this.#allocate(name, this.#hash.of(name));
      this.#rows[this.#moved.to * ROW + SHARED] = DETACHED;
    }
    this.remove(slot);
    this.#insert(this.#moved.to, slot, this.#rows[this.#moved.to * ROW + NEWEST], NONE, false);
  }

  /** Returns the number of sessions with the same name as this one, including itself. */
  countLike(slot: number): number {
    return this.#rows[this.#slots.owner(slot) * ROW + COUNT];
  }

  /** Bytes of memory that the names in use take. */
  get memory(): number {
    return (
      this.#ids.taken * ROW * 4 + this.size * OpenAddressing.BYTES_PER_ENTRY + this.#arena.used + this.databases.memory
    );
  }

  /** The arena that the names are in. */
  get arena(): ArenaMemory {
    return this.#arena;
  }

  /** Returns the bytes of memory that a name of `length` bytes takes. */
  static bytesFor(length: number): number {
    return BYTES_PER_NAME + Arena.chunkSize(lengthBytes(length) + length);
  }

  /** Returns the name of a session, valid until the next change. */
  sliceOf(slot: number): Slice {
    const address = this.#addressOf(this.#slots.owner(slot));
    const length = this.#lengthAt(address);
    const start = this.#arena.start(address) + lengthBytes(length);
    return new Slice(this.#arena.buffer(address), start, start + length);
  }

  /** Returns whether a slot is a session with the name. */
  has(name: Slice, slot: number): boolean {
    return this.#slots.isSession(slot) && this.#slots.owner(slot) === this.#find(name);
  }

  /** Returns the number of sessions with the name. */
  count(name: Slice): number {
    const id = this.#find(name);
    return id === NONE ? 0 : this.#rows[id * ROW + COUNT];
  }

  /** Returns the oldest session with the name, or NONE. The slot table's `newer` leads to the rest. */
  oldest(name: Slice): number {
    const id = this.#find(name);
    return id === NONE ? NONE : this.#rows[id * ROW + OLDEST];
  }

  /** Every id of a name is below this number. A name keeps its id as long as it has sessions. */
  get end(): number {
    return this.#ids.end;
  }

  /** Returns the oldest session of the name with an id, or NONE if no name has this id or its sessions are doomed. */
  oldestOf(id: number): number {
    const oldest = this.#rows[id * ROW + OLDEST];
    // There may be a million doomed sessions, which a scan must not go through.
    return oldest === NONE || this.#slots.isDoomed(this.#rows[id * ROW + NEWEST]) ? NONE : oldest;
  }

  /** Returns the newest session with the name, or NONE. */
  newest(name: Slice): number {
    const id = this.#find(name);
    return id === NONE ? NONE : this.#rows[id * ROW + NEWEST];
  }

  /** Returns the shared session with the name, or NONE. */
  shared(name: Slice): number {
    const id = this.#find(name);
    return id === NONE ? NONE : this.#rows[id * ROW + SHARED];
  }

  /**
   * Returns the shared sessions of all names with this hash: nearly always none or one, because nobody can choose names
   * with the same hash without knowing the key of the hash.
   */
  sharedByHash(hash: number): number[] {
    const found: number[] = [];
    for (const places of [this.places, this.former]) {
      if (places === undefined) continue;
      const mask = places.length - 1;
      for (let place = home(places, hash); places[place] !== 0; place = (place + 1) & mask) {
        const row = itemOf(places[place]) * ROW;
        if (this.#rows[row + HASH] === hash && this.#rows[row + SHARED] !== NONE) found.push(this.#rows[row + SHARED]);
      }
    }
    return found;
  }

  /** Returns the hash of a name, for `fetch`. */
  hash(name: Slice): number {
    return this.#hash.of(name);
  }

  /** Adds a session as the newest of its name, which has 1 to `MAX_NAME` bytes. */
  add(name: Slice, slot: number, shared: boolean): void {
    const id = this.#idFor(name);
    this.#insert(id, slot, this.#rows[id * ROW + NEWEST], NONE, shared);
    if (shared) this.databases.add(name, slot);
  }

  /** Adds a session that had another name, at its place by time of creation. */
  addByAge(name: Slice, slot: number, shared: boolean): void {
    const { created } = this.#slots;
    const id = this.#idFor(name);
    let older = this.#rows[id * ROW + NEWEST];
    let newer = NONE;
    while (older !== NONE && created[older] > created[slot]) {
      newer = older;
      older = this.#slots.older(older);
    }
    this.#insert(id, slot, older, newer, shared);
    if (shared) this.databases.add(name, slot);
  }

  #idFor(name: Slice): number {
    const hash = this.#hash.of(name);
    const found = this.#find(name, hash);
    return found === NONE ? this.#begin(name, hash) : found;
  }

  #insert(id: number, slot: number, older: number, newer: number, shared: boolean): void {
    const slots = this.#slots;
    const rows = this.#rows;
    const row = id * ROW;
    slots.setOwner(slot, id);
    slots.setNewer(slot, newer);
    slots.setOlder(slot, older);
    if (older === NONE) rows[row + OLDEST] = slot;
    else slots.setNewer(older, slot);
    if (newer === NONE) rows[row + NEWEST] = slot;
    else slots.setOlder(newer, slot);
    rows[row + COUNT]++;
    if (shared) rows[row + SHARED] = slot;
  }

  remove(slot: number): void {
    const slots = this.#slots;
    const rows = this.#rows;
    const id = slots.owner(slot);
    const row = id * ROW;
    const older = slots.older(slot);
    const newer = slots.newer(slot);
    if (older === NONE) rows[row + OLDEST] = newer;
    else slots.setNewer(older, newer);
    if (newer === NONE) rows[row + NEWEST] = older;
    else slots.setOlder(newer, older);
    if (rows[row + SHARED] === slot) {
      rows[row + SHARED] = NONE;
      this.#leaveDatabase(slot);
    }
    rows[row + COUNT]--;
    if (rows[row + COUNT] === 0) this.#end(id, slots.isDoomed(slot));
  }

  /** Call this before a shared session, or its name, goes. */
  #leaveDatabase(slot: number): void {
    if (this.databases.size > 0) this.databases.delete(this.sliceOf(slot), slot);
  }

  /** Sorts the sessions of each name by time of creation. */
  sort(): void {
    const slots = this.#slots;
    for (let id = 0; id < this.#ids.end; id++) {
      const row = id * ROW;
      if (this.#rows[row + COUNT] < 2) continue;
      const sessions: number[] = [];
      for (let slot = this.#rows[row + OLDEST]; slot !== NONE; slot = slots.newer(slot)) sessions.push(slot);
      // V8's sort merges runs: a list that is already in order costs one comparison per session.
      sessions.sort((a, b) => slots.created[a] - slots.created[b]);
      this.#rows[row + OLDEST] = sessions[0];
      this.#rows[row + NEWEST] = sessions[sessions.length - 1];
      for (const [place, slot] of sessions.entries()) {
        slots.setOlder(slot, sessions[place - 1] ?? NONE);
        slots.setNewer(slot, sessions[place + 1] ?? NONE);
      }
    }
  }

  /** Frees some of the memory if there is much more than needed. Returns whether it did. */
  trim(): boolean {
    this.#arena.trim();
    if (this.shrink()) return true;
    const capacity = shorter(this.#capacity, this.#ids.end);
    if (capacity === this.#capacity) return false;
    this.#rows = resized(this.#rows, capacity * ROW);
    return true;
  }

  #addressOf(id: number): number {
    return this.#rows[id * ROW + ADDRESS] >>> 0;
  }

  #lengthAt(address: number): number {
    const at = this.#arena.start(address);
    const bytes = this.#arena.buffer(address);
    return bytes[at] < 128 ? bytes[at] : ((bytes[at] & 127) << 8) | bytes[at + 1];
  }

  /** Returns the id of a name, or NONE. */
  #find(name: Slice, hash = this.#hash.of(name)): number {
    let id = this.#findIn(this.places, hash, name);
    if (id === NONE && this.former !== undefined) id = this.#findIn(this.former, hash, name);
    if (!this.#slots.sweeping || id === NONE || !this.#slots.isDoomed(this.#rows[id * ROW + NEWEST])) return id;
    this.#detach(id);
    return NONE;
  }

  /**
   * Removes a name whose sessions are all doomed from the index, so that the name can be entered again. The sessions,
   * of which there may be a million, keep the old id. But a shared session among them is ended at once, because a new
   * shared session would have the same token.
   */
  #detach(id: number): void {
    const row = id * ROW;
    const shared = this.#rows[row + SHARED];
    this.withdraw(id);
    this.#doomed--;
    this.#rows[row + SHARED] = DETACHED;
    if (shared !== NONE) this.#endDoomed(shared);
  }

  #findIn(places: Int32Array<ArrayBuffer>, hash: number, name: Slice): number {
    const mask = places.length - 1;
    const start = home(places, hash);
    for (let distance = 0; ; distance++) {
      const entry = places[(start + distance) & mask];
      if (entry === 0) return NONE;
      if (!isFrom(entry, distance)) continue;
      const id = itemOf(entry);
      if (this.#rows[id * ROW + HASH] === hash && this.#is(id, name)) return id;
    }
  }

  #is(id: number, name: Slice): boolean {
    const address = this.#addressOf(id);
    const bytes = this.#arena.buffer(address);
    const at = this.#arena.start(address);
    const { length } = name;
    // Most names are short: one byte holds the length.
    if (length < 128) return bytes[at] === length && name.isAt(bytes, at + 1);
    return this.#lengthAt(address) === length && name.isAt(bytes, at + 2);
  }

  /** Enters a new name and returns its id. */
  #begin(name: Slice, hash: number): number {
    const id = this.#allocate(name, hash);
    this.enter(id);
    return id;
  }

  /** Returns an id for a name without entering it in the index. */
  #allocate(name: Slice, hash: number): number {
    const id = this.#ids.take();
    if (id >= this.#capacity) this.#rows = resized(this.#rows, longer(this.#capacity, id + 1) * ROW);
    const address = this.#arena.allocate(id, lengthBytes(name.length) + name.length);
    const at = this.#arena.start(address);
    const bytes = this.#arena.buffer(address);
    if (name.length < 128) {
      bytes[at] = name.length;
    } else {
      bytes[at] = 128 | (name.length >>> 8);
      bytes[at + 1] = name.length & 255;
    }
    name.writeTo(bytes, at + lengthBytes(name.length));
    const row = id * ROW;
    this.#rows[row + HASH] = hash;
    this.#rows[row + ADDRESS] = address;
    this.#rows[row + OLDEST] = NONE;
    this.#rows[row + NEWEST] = NONE;
    this.#rows[row + SHARED] = NONE;
    this.#rows[row + COUNT] = 0;
    return id;
  }

  #end(id: number, doomed: boolean): void {
    if (this.#rows[id * ROW + SHARED] !== DETACHED) {
      this.withdraw(id);
      if (doomed) this.#doomed--;
    }
    if (id === this.#moved.from || id === this.#moved.to) this.#moved.to = NONE;
    this.#ids.release(id);
    this.#arena.free(this.#addressOf(id));
  }

  protected override hashOf(id: number): number {
    return this.#rows[id * ROW + HASH];
  }

  /** How many ids there are rows for. */
  get #capacity(): number {
    return this.#rows.length / ROW;
  }
}

const FIRST_IDS = 1024;
/** The rows can grow to this many ids in place. Beyond that, they are copied to twice the length. */
const RESERVED_IDS = 2 ** 25;

/** The length of a row, and the index of each number in it. */
const ROW = 6;
const HASH = 0;
/** The address of the name in the arena: its length in one byte or, from 128 on, in two, then its bytes. */
const ADDRESS = 1;
const OLDEST = 2;
const NEWEST = 3;
/** The shared session, or NONE. DETACHED for a name that look-ups no longer find, because its sessions are doomed. */
const SHARED = 4;
const DETACHED = -2;
/** The number of sessions with the name. */
const COUNT = 5;
/** Bytes that a name takes besides its chunk. */
const BYTES_PER_NAME = ROW * 4 + OpenAddressing.BYTES_PER_ENTRY;

function lengthBytes(length: number): number {
  return length < 128 ? 1 : 2;
}
