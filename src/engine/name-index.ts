import { heapBytes } from './heap-bytes.js';
import { SessionError } from './session-error.js';
import { NONE, type SlotTable } from './slot-table.js';

/** What a name takes besides its characters: its string's header, its entry in the Map, its place in five arrays. */
const BYTES_PER_NAME = 100;

const memoryOf = (name: string): number => heapBytes(BYTES_PER_NAME + name.length);

/** As many entries as a Map of V8 holds. */
const MAX_NAMES = 2 ** 24;

/**
 * Name → its sessions, exact at every moment. Each name in use has an id; the sessions of a name form
 * a list through the slot table's `older` and `newer` columns, in the order they were created.
 *
 * A name is bytes; here it is a string with one character per byte ("latin1"), which holds any byte
 * and which a Map can look up.
 */
export class NameIndex {
  readonly #slots: SlotTable;
  readonly #ids = new Map<string, number>();
  readonly #names: string[] = [];
  readonly #oldest: number[] = [];
  readonly #newest: number[] = [];
  readonly #counts: number[] = [];
  /** The shared session of each name, or NONE. */
  readonly #shared: number[] = [];
  readonly #freeIds: number[] = [];
  #memory = 0;

  constructor(slots: SlotTable) {
    this.#slots = slots;
  }

  /** How many names have a session. */
  get size(): number {
    return this.#ids.size;
  }

  /** Bytes of memory that the names in use take. */
  get memory(): number {
    return this.#memory;
  }

  /** The name of a session. */
  nameOf(slot: number): string {
    return this.#names[this.#slots.owner[slot]];
  }

  /** How many sessions bear the name. */
  count(name: string): number {
    const id = this.#ids.get(name);
    return id === undefined ? 0 : this.#counts[id];
  }

  /** The oldest session of the name, or NONE; the column `newer` leads on. */
  oldest(name: string): number {
    const id = this.#ids.get(name);
    return id === undefined ? NONE : this.#oldest[id];
  }

  /** The shared session of the name, or NONE. */
  shared(name: string): number {
    const id = this.#ids.get(name);
    return id === undefined ? NONE : this.#shared[id];
  }

  /** Enters a session as the newest of its name. @throws SessionError ERR if it would be one name too many. */
  add(name: string, slot: number, shared: boolean): void {
    const { owner, older, newer } = this.#slots;
    const id = this.#ids.get(name) ?? this.#newId(name);
    owner[slot] = id;
    newer[slot] = NONE;
    older[slot] = this.#newest[id];
    if (older[slot] === NONE) this.#oldest[id] = slot;
    else newer[older[slot]] = slot;
    this.#newest[id] = slot;
    this.#counts[id]++;
    if (shared) this.#shared[id] = slot;
  }

  remove(slot: number): void {
    const { owner, older, newer } = this.#slots;
    const id = owner[slot];
    if (older[slot] === NONE) this.#oldest[id] = newer[slot];
    else newer[older[slot]] = newer[slot];
    if (newer[slot] === NONE) this.#newest[id] = older[slot];
    else older[newer[slot]] = older[slot];
    if (this.#shared[id] === slot) this.#shared[id] = NONE;
    this.#counts[id]--;
    if (this.#counts[id] === 0) {
      this.#memory -= memoryOf(this.#names[id]);
      this.#ids.delete(this.#names[id]);
      this.#names[id] = '';
      this.#freeIds.push(id);
    }
  }

  #newId(name: string): number {
    if (this.#ids.size === MAX_NAMES) throw new SessionError('ERR', 'sessions bear 2^24 different names: no more');
    const id = this.#freeIds.pop() ?? this.#names.length;
    this.#ids.set(name, id);
    this.#names[id] = name;
    this.#memory += memoryOf(name);
    this.#oldest[id] = NONE;
    this.#newest[id] = NONE;
    this.#counts[id] = 0;
    this.#shared[id] = NONE;
    return id;
  }
}
