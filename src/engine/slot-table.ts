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

/** Resolution of `lastUsed`, in ms: 32 bits of it are 13 years. */
export const USE_MS = 100;

/** As many slots as the wheel has timers. */
const MAX_SLOTS = 2 ** 27;

/**
 * The fixed-size part of every session, in columns: a session is a slot number, and each property is
 * a typed array indexed by it. A million sessions are a dozen arrays instead of a million objects
 * that the garbage collector would walk. A freed slot is the next one taken.
 */
export class SlotTable {
  /** Four words a slot: the token of the session or of the alias. */
  token: Uint32Array<ArrayBuffer>;
  /** Unix ms. */
  created: Float64Array<ArrayBuffer>;
  /** Duration in ms, 0 if the session never expires. */
  duration: Float64Array<ArrayBuffer>;
  /** MAXAGE in seconds, 0 for none. */
  maxAge: Uint32Array<ArrayBuffer>;
  /** The instant in ms on the monotonic clock when MAXAGE is reached, Infinity for none. */
  maxAgeEnd: Float64Array<ArrayBuffer>;
  flags: Uint8Array<ArrayBuffer>;
  /** Of a session: its name's id. Of an alias: its session's slot. */
  owner: Int32Array<ArrayBuffer>;
  /**
   * The sessions of one name form a list, oldest first. Of an alias, `older` is what comes before it in
   * its chain: an alias or, before the first, the session.
   */
  older: Int32Array<ArrayBuffer>;
  newer: Int32Array<ArrayBuffer>;
  /** Of a session: its first alias. Of an alias: the next one. Of a free slot: the next free slot. */
  chain: Int32Array<ArrayBuffer>;
  /** When the session's data was last used, on the monotonic clock in units of `USE_MS`. */
  lastUsed: Uint32Array<ArrayBuffer>;
  /** Counts what happened to the session that bears the slot and to those that bore it before. Goes round. */
  version: Uint32Array<ArrayBuffer>;

  /** Slots from here on were never used. */
  #used = 0;
  #taken = 0;
  #free = NONE;

  /** @param capacity Slots to make room for at first, 1 or more; it doubles as needed. */
  constructor(capacity = 1024) {
    this.token = new Uint32Array(capacity * TOKEN_WORDS);
    this.created = new Float64Array(capacity);
    this.duration = new Float64Array(capacity);
    this.maxAge = new Uint32Array(capacity);
    this.maxAgeEnd = new Float64Array(capacity);
    this.flags = new Uint8Array(capacity);
    this.owner = new Int32Array(capacity);
    this.older = new Int32Array(capacity);
    this.newer = new Int32Array(capacity);
    this.chain = new Int32Array(capacity);
    this.lastUsed = new Uint32Array(capacity);
    this.version = new Uint32Array(capacity);
  }

  /** Bytes that the columns take for each slot. */
  static readonly BYTES_PER_SLOT = TOKEN_WORDS * 4 + 3 * 8 + 1 + 7 * 4;

  /** Slots that are taken now. */
  get taken(): number {
    return this.#taken;
  }

  /** All slots in use are below this number. */
  get used(): number {
    return this.#used;
  }

  /**
   * Takes a slot. Only `flags` and `chain` are set; the other columns are the caller's to fill.
   * @throws RangeError when 2^27 slots are in use.
   */
  allocate(flags: number): number {
    let slot = this.#free;
    if (slot !== NONE) {
      this.#free = this.chain[slot];
    } else {
      slot = this.#used;
      if (slot === this.flags.length) this.#grow();
      this.#used++;
    }
    this.#taken++;
    this.flags[slot] = flags;
    this.chain[slot] = NONE;
    return slot;
  }

  release(slot: number): void {
    // The token was a credential: it does not outlive the session.
    for (let word = 0; word < TOKEN_WORDS; word++) this.token[slot * TOKEN_WORDS + word] = 0;
    this.flags[slot] = 0;
    this.version[slot]++;
    this.#taken--;
    this.chain[slot] = this.#free;
    this.#free = slot;
  }

  #grow(): void {
    const capacity = this.flags.length * 2;
    if (capacity > MAX_SLOTS) throw new RangeError('no more than 2^27 sessions');
    const copyInto = <Column extends Uint8Array | Uint32Array | Int32Array | Float64Array>(
      to: Column,
      from: Column,
    ) => {
      to.set(from);
      return to;
    };
    this.token = copyInto(new Uint32Array(capacity * TOKEN_WORDS), this.token);
    this.created = copyInto(new Float64Array(capacity), this.created);
    this.duration = copyInto(new Float64Array(capacity), this.duration);
    this.maxAge = copyInto(new Uint32Array(capacity), this.maxAge);
    this.maxAgeEnd = copyInto(new Float64Array(capacity), this.maxAgeEnd);
    this.flags = copyInto(new Uint8Array(capacity), this.flags);
    this.owner = copyInto(new Int32Array(capacity), this.owner);
    this.older = copyInto(new Int32Array(capacity), this.older);
    this.newer = copyInto(new Int32Array(capacity), this.newer);
    this.chain = copyInto(new Int32Array(capacity), this.chain);
    this.lastUsed = copyInto(new Uint32Array(capacity), this.lastUsed);
    this.version = copyInto(new Uint32Array(capacity), this.version);
  }
}
