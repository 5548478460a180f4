import { TOKEN_WORDS } from './token.js';

/** Marks the end of a list of slots, or the absence of one. */
export const NONE = -1;

/** Bits of a slot's flags. A free slot has none. */
export const Flag = {
  /** The slot is a session. */
  Session: 1,
  /** The slot is an old token of a session, good until its grace is over. */
  Alias: 2,
  Shared: 4,
  /** Expiry removes the session, not only its data. */
  DeleteSession: 8,
  ExtendGet: 16,
  ExtendSet: 32,
  /** The duration is running: there is a deadline other than that of MAXAGE. */
  Running: 64,
} as const;

/** Resolution of when a session was last used, in ms: 32 bits of it are 13 years. */
const USE_MS = 100;

/** Numbers in a row, and what each is. */
const ROW = 8;
const FLAGS = 0;
const OWNER = 1;
const OLDER = 2;
const NEWER = 3;
const CHAIN = 4;
const LAST_USED = 5;
const VERSION = 6;
const MAX_AGE = 7;

/** As many slots as the wheel has timers. */
const MAX_SLOTS = 2 ** 27;

/**
 * The fixed-size part of every session: a session is a slot number, and its properties are in typed arrays
 * indexed by it. A million sessions are a handful of arrays instead of a million objects that the garbage
 * collector would walk. A freed slot is the next one taken.
 *
 * Small numbers stand in one row of 32 bytes a slot: what ends a session touches most of them, and at a million
 * sessions each array of its own would be another cache miss. The others have columns.
 */
export class SlotTable {
  /** Bytes that a slot takes. */
  static readonly BYTES_PER_SLOT = TOKEN_WORDS * 4 + 3 * 8 + ROW * 4;

  /** Four words a slot: the token of the session or of the alias. */
  token: Uint32Array<ArrayBuffer>;
  /** Unix ms. */
  created: Float64Array<ArrayBuffer>;
  /** Duration in ms, 0 if the session never expires. */
  duration: Float64Array<ArrayBuffer>;
  /** The instant in ms on the monotonic clock when MAXAGE is reached; to be looked at if there is a `maxAge`. */
  maxAgeEnd: Float64Array<ArrayBuffer>;

  #rows: Int32Array<ArrayBuffer>;
  #capacity: number;
  /** Slots from here on were never used. */
  #used = 0;
  #taken = 0;
  #free = NONE;

  /** @param capacity Slots to make room for at first, 1 or more; it doubles as needed. */
  constructor(capacity = 1024) {
    this.#capacity = capacity;
    this.token = new Uint32Array(capacity * TOKEN_WORDS);
    this.created = new Float64Array(capacity);
    this.duration = new Float64Array(capacity);
    this.maxAgeEnd = new Float64Array(capacity);
    this.#rows = new Int32Array(capacity * ROW);
  }

  /** Bits of `Flag`. A slot that is free, or was never used, has none. */
  flags(slot: number): number {
    return this.#rows[slot * ROW + FLAGS];
  }

  setFlags(slot: number, flags: number): void {
    this.#rows[slot * ROW + FLAGS] = flags;
  }

  /** Of a session: its name's id. Of an alias: its session's slot. */
  owner(slot: number): number {
    return this.#rows[slot * ROW + OWNER];
  }

  setOwner(slot: number, owner: number): void {
    this.#rows[slot * ROW + OWNER] = owner;
  }

  /**
   * The sessions of one name form a list, oldest first. Of an alias, this is what comes before it in its chain:
   * an alias or, before the first, the session.
   */
  older(slot: number): number {
    return this.#rows[slot * ROW + OLDER];
  }

  setOlder(slot: number, other: number): void {
    this.#rows[slot * ROW + OLDER] = other;
  }

  newer(slot: number): number {
    return this.#rows[slot * ROW + NEWER];
  }

  setNewer(slot: number, other: number): void {
    this.#rows[slot * ROW + NEWER] = other;
  }

  /** Of a session: its first alias. Of an alias: the next one. Of a free slot: the next free slot. */
  chain(slot: number): number {
    return this.#rows[slot * ROW + CHAIN];
  }

  setChain(slot: number, other: number): void {
    this.#rows[slot * ROW + CHAIN] = other;
  }

  /** When the session's data was last used, in ms on the monotonic clock, to a tenth of a second. */
  lastUsed(slot: number): number {
    return (this.#rows[slot * ROW + LAST_USED] >>> 0) * USE_MS;
  }

  /** @param now In ms, up to 13 years. */
  use(slot: number, now: number): void {
    this.#rows[slot * ROW + LAST_USED] = now / USE_MS;
  }

  /** Counts what happened to the session that bears the slot and to those that bore it before. Goes round. */
  version(slot: number): number {
    return this.#rows[slot * ROW + VERSION];
  }

  /** Something happened to the session. */
  change(slot: number): void {
    this.#rows[slot * ROW + VERSION]++;
  }

  /** MAXAGE in seconds, 0 for none. */
  maxAge(slot: number): number {
    return this.#rows[slot * ROW + MAX_AGE];
  }

  setMaxAge(slot: number, seconds: number): void {
    this.#rows[slot * ROW + MAX_AGE] = seconds;
  }

  /** All slots in use are below this number. */
  get used(): number {
    return this.#used;
  }

  /** Slots that are taken now. */
  get taken(): number {
    return this.#taken;
  }

  /**
   * Takes a slot. Only flags and chain are set; the rest is the caller's to fill.
   * @throws RangeError when 2^27 slots are in use.
   */
  allocate(flags: number): number {
    let slot = this.#free;
    if (slot !== NONE) {
      this.#free = this.chain(slot);
    } else {
      slot = this.#used;
      if (slot === this.#capacity) this.#grow();
      this.#used++;
    }
    this.#taken++;
    this.setFlags(slot, flags);
    this.setChain(slot, NONE);
    return slot;
  }

  release(slot: number): void {
    // The token was a credential: it does not outlive the session.
    for (let word = 0; word < TOKEN_WORDS; word++) this.token[slot * TOKEN_WORDS + word] = 0;
    this.setFlags(slot, 0);
    this.change(slot);
    this.#taken--;
    this.setChain(slot, this.#free);
    this.#free = slot;
  }

  #grow(): void {
    const capacity = this.#capacity * 2;
    if (capacity > MAX_SLOTS) throw new RangeError('no more than 2^27 sessions');
    const copyInto = <Column extends Uint32Array | Int32Array | Float64Array>(to: Column, from: Column) => {
      to.set(from);
      return to;
    };
    this.#capacity = capacity;
    this.token = copyInto(new Uint32Array(capacity * TOKEN_WORDS), this.token);
    this.created = copyInto(new Float64Array(capacity), this.created);
    this.duration = copyInto(new Float64Array(capacity), this.duration);
    this.maxAgeEnd = copyInto(new Float64Array(capacity), this.maxAgeEnd);
    this.#rows = copyInto(new Int32Array(capacity * ROW), this.#rows);
  }
}
