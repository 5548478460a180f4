import { column, longer, resized, shorter } from '../memory/column.js';
import { TOKEN_WORDS } from '../tokens/token.js';
import { Numbering } from './numbering.js';
import { RareProperties } from './rare-properties.js';

/** The end of a list of slots, or no slot. */
export const NONE = -1;

/** Bits of a slot's flags. A free slot has none. */
export const Flag = {
  /** The slot is a session. */
  Session: 1,
  /** The slot is an old token of a session, valid until its grace period ends. */
  OldToken: 2,
  Shared: 4,
  /** Expiry removes the session, not only its data. */
  DeleteSession: 8,
  ExtendGet: 16,
  ExtendSet: 32,
  /** The duration is running: there is a deadline besides that of MAXAGE. */
  Running: 64,
  /** The session is a Redis string: one value and no keys. */
  String: 128,
  /** A doomed session that is being ended. */
  Ending: 512,
  /** A doomed session that was ended because its name had more sessions than LIMIT allows. */
  OverLimit: 1024,
  /** The session was rotated, so its public id no longer follows from its token, and is in a column. */
  KeptId: 2048,
  /** A shared session whose token nobody has asked for or presented. It is not in the token index. */
  Tokenless: 256,
  /** The session has a MAXAGE. */
  MaxAge: 4096,
  /** The session has old tokens. */
  OldTokens: 8192,
  /** The session is a Redis set: its keys are the members, and their values are empty. */
  Set: 0x4000,
  /** The session is a Redis sorted set: its keys are the members, and their values are the scores. */
  SortedSet: 0x8000,
  /** Some of the session's keys have a deadline of their own. This is the sign bit: the bits between are the epoch. */
  KeyDeadlines: -(2 ** 31),
} as const;

/**
 * The higher bits are the slot's epoch. Starting a new epoch ends all sessions at once. A slot of an earlier epoch is
 * *doomed*: no look-up returns it, although its memory is freed later (see `Doomed`).
 */
export const EPOCH_BITS = 0x7fff_0000;
/** Flags that last as long as the session, whatever its settings become. */
export const LASTING_FLAGS =
  Flag.Shared | Flag.Tokenless | Flag.KeptId | Flag.MaxAge | Flag.OldTokens | Flag.KeyDeadlines | EPOCH_BITS;
const ONE_EPOCH = 0x1_0000;
const EPOCHS = 2 ** 15;

/** Resolution of the time of last use, in ms: 32 bits are enough for 13 years. */
const USE_MS = 100;

/** The length of a row, and the index of each number in it. */
const ROW = 7;
const FLAGS = 0;
const OWNER = 1;
const OLDER = 2;
const NEWER = 3;
const LAST_USED = 4;
const VERSION = 5;
const DURATION = 6;

/**
 * A row has the duration in whole ms, up to 49 days. This value means that it is longer, or has a fraction, and is
 * among the rare properties.
 */
const UNUSUAL = 2 ** 32 - 1;

/** The most slots: the wheel cannot have more timers. */
const MAX_SLOTS = 2 ** 27;
const FIRST_SLOTS = 1024;
/** The columns can grow to this many slots in place. Beyond that, they are copied to twice the length. */
const RESERVED_SLOTS = 2 ** 25;

/**
 * The fixed-size part of every session. A session is a slot number, and its properties are in typed arrays indexed by
 * it. A million sessions are a handful of arrays instead of a million objects for the garbage collector to walk. The
 * lowest free slot is taken first, so that the columns can shrink again when sessions have ended.
 *
 * Small numbers share a row per slot. Ending a session touches most of them, and with a million sessions each further
 * array would be another cache miss. The rest have columns. What few sessions have is in `RareProperties`.
 */
export class SlotTable {
  /** Four words per slot: the token of the session, or the old token. Undefined for a tokenless session. */
  token = column(Uint32Array, FIRST_SLOTS * TOKEN_WORDS, RESERVED_SLOTS * TOKEN_WORDS);
  /** The time of creation in unix ms, with up to three decimals. */
  created = column(Float64Array, FIRST_SLOTS, RESERVED_SLOTS);
  readonly #rare = new RareProperties(FIRST_SLOTS, RESERVED_SLOTS);
  /** Bytes that rare properties take. */
  #rareBytes = 0;

  #rows = column(Int32Array, FIRST_SLOTS * ROW, RESERVED_SLOTS * ROW);
  #capacity = FIRST_SLOTS;
  readonly #numbering = new Numbering();
  #changes = 0;
  /** The current epoch, as in a slot's flags. */
  #epoch = 0;
  /** How many past epochs may have doomed slots left. */
  #pastEpochs = 0;
  /** Whether there may be slots of an earlier epoch. Only then does a slot's epoch have to be checked. */
  sweeping = false;

  /**
   * Starts the next epoch, which dooms every slot in use. `epochsLeft` must be more than 0.
   * @param sessions The number of sessions doomed. Each counts as a change.
   * @returns The epoch that is over.
   */
  beginEpoch(sessions: number): number {
    const over = this.#epoch;
    this.#epoch = (over + ONE_EPOCH) & EPOCH_BITS;
    this.#pastEpochs++;
    this.sweeping = true;
    this.#changes += sessions;
    return over;
  }

  /** Dooms one slot by moving it to the previous epoch. */
  doom(slot: number): void {
    if (!this.sweeping) this.#pastEpochs = 1;
    this.sweeping = true;
    this.setFlags(slot, (this.flags(slot) & ~EPOCH_BITS) | ((this.#epoch - ONE_EPOCH) & EPOCH_BITS));
  }

  /** The number of epochs that may still start while there are doomed slots: beyond that, epochs would be ambiguous. */
  get epochsLeft(): number {
    return EPOCHS - 1 - this.#pastEpochs;
  }

  /** Call this when nothing is doomed any more. */
  endSweep(): void {
    this.#pastEpochs = 0;
    this.sweeping = false;
  }

  epochOf(slot: number): number {
    return this.flags(slot) & EPOCH_BITS;
  }

  /** Whether the slot, which must be in use, is of an earlier epoch. */
  isDoomed(slot: number): boolean {
    return this.sweeping && this.epochOf(slot) !== this.#epoch;
  }

  /** Whether the slot is a session of an earlier epoch. */
  isDoomedSession(slot: number): boolean {
    return (this.flags(slot) & Flag.Session) !== 0 && this.isDoomed(slot);
  }

  /** Whether the slot is a session of the current epoch, due or not. */
  isSession(slot: number): boolean {
    return (this.flags(slot) & (Flag.Session | EPOCH_BITS)) === (Flag.Session | this.#epoch);
  }

  setToken(slot: number, words: Uint32Array): void {
    // Calling `set` would take longer than copying four words.
    for (let word = 0; word < TOKEN_WORDS; word++) this.token[slot * TOKEN_WORDS + word] = words[word];
  }

  /** Makes a session keep its public id, the two words of which are given, in this table. */
  keepId(slot: number, high: number, low: number): void {
    this.#setRare(slot, Flag.KeptId, true);
    this.#rare.setId(slot, high, low);
  }

  /** Returns the first 32 bits of the id of a session with `KeptId`. */
  idHigh(slot: number): number {
    return this.#rare.idHigh(slot);
  }

  /** Returns the last 32 bits of the id of a session with `KeptId`. */
  idLow(slot: number): number {
    return this.#rare.idLow(slot);
  }

  /** Bytes of memory that the slots in use take. */
  get memory(): number {
    return this.taken * BYTES_PER_SLOT + this.#rareBytes;
  }

  /** Returns the bytes of memory that a slot in use takes. */
  memoryOf(slot: number): number {
    return BYTES_PER_SLOT + this.#rareBytesOf(slot);
  }

  /** Returns the slot's bits of `Flag` and of its epoch, or 0 if the slot is free. */
  flags(slot: number): number {
    return this.#rows[slot * ROW + FLAGS];
  }

  setFlags(slot: number, flags: number): void {
    this.#rows[slot * ROW + FLAGS] = flags;
  }

  /** Returns the id of a session's name, or the session slot of an old token. */
  owner(slot: number): number {
    return this.#rows[slot * ROW + OWNER];
  }

  setOwner(slot: number, owner: number): void {
    this.#rows[slot * ROW + OWNER] = owner;
  }

  /**
   * Returns the next older session of the same name: the sessions of a name form a list, oldest first. For an old
   * token, returns what precedes it in its chain: another old token, or the session.
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

  /** Returns a session's first old token, or the one that follows an old token, or NONE. */
  chain(slot: number): number {
    return (this.flags(slot) & (Flag.OldToken | Flag.OldTokens)) === 0 ? NONE : this.#rare.chain[slot];
  }

  setChain(slot: number, other: number): void {
    const isSession = (this.flags(slot) & Flag.OldToken) === 0;
    if (isSession) this.#setRare(slot, Flag.OldTokens, other !== NONE);
    if (!isSession || other !== NONE) this.#rare.chain[slot] = other;
  }

  /** Returns the row that a session has among the deadlines of keys, or NONE. */
  keyRow(slot: number): number {
    return (this.flags(slot) & Flag.KeyDeadlines) === 0 ? NONE : this.#rare.keyRow[slot];
  }

  setKeyRow(slot: number, row: number): void {
    this.#setRare(slot, Flag.KeyDeadlines, row !== NONE);
    if (row !== NONE) this.#rare.keyRow[slot] = row;
  }

  /** Returns when the session's data was last used, in ms on the monotonic clock, to a tenth of a second. */
  lastUsed(slot: number): number {
    return (this.#rows[slot * ROW + LAST_USED] >>> 0) * USE_MS;
  }

  /**
   * Sets when the session's data was last used.
   * @param now In ms on the monotonic clock, up to 13 years.
   */
  use(slot: number, now: number): void {
    this.#rows[slot * ROW + LAST_USED] = now / USE_MS;
  }

  /**
   * Returns the number of the session's latest change. Changes to all sessions are numbered together, in signed 32 bits
   * that wrap around.
   */
  version(slot: number): number {
    return this.#rows[slot * ROW + VERSION];
  }

  /** Records a change to the session. */
  change(slot: number): void {
    this.#rows[slot * ROW + VERSION] = ++this.#changes;
  }

  /** The number of changes to all sessions so far. */
  get changes(): number {
    return this.#changes;
  }

  /** Returns the duration in ms, or 0 if the session never expires. */
  duration(slot: number): number {
    const duration = this.#rows[slot * ROW + DURATION] >>> 0;
    return duration === UNUSUAL ? this.#rare.duration[slot] : duration;
  }

  /**
   * Sets the duration of a session that is new or has one.
   * @param ms Any number that is not negative. 0 for none.
   */
  setDuration(slot: number, ms: number): void {
    const isUsual = ms >>> 0 === ms && ms !== UNUSUAL;
    const wasUsual = this.#rows[slot * ROW + DURATION] >>> 0 !== UNUSUAL;
    this.#rows[slot * ROW + DURATION] = isUsual ? ms : UNUSUAL;
    if (!isUsual) this.#rare.duration[slot] = ms;
    if (isUsual !== wasUsual)
      this.#rareBytes += isUsual ? -RareProperties.DURATION_BYTES : RareProperties.DURATION_BYTES;
  }

  /** Returns MAXAGE in ms, or 0 if there is none. */
  maxAge(slot: number): number {
    return (this.flags(slot) & Flag.MaxAge) === 0 ? 0 : this.#rare.maxAge[slot];
  }

  /** Returns when MAXAGE is reached, in ms on the monotonic clock, or Infinity if there is none. */
  maxAgeEnd(slot: number): number {
    return (this.flags(slot) & Flag.MaxAge) === 0 ? Infinity : this.#rare.maxAgeEnd[slot];
  }

  /**
   * Sets MAXAGE.
   * @param ms 0 for none.
   * @param end When it is reached, in ms on the monotonic clock.
   */
  setMaxAge(slot: number, ms: number, end: number): void {
    this.#setRare(slot, Flag.MaxAge, ms > 0);
    // Without MAXAGE, the columns are not written to and take no memory.
    if (ms === 0) return;
    this.#rare.maxAge[slot] = ms;
    this.#rare.maxAgeEnd[slot] = end;
  }

  /** Every slot in use is below this number. */
  get used(): number {
    return this.#numbering.end;
  }

  /** The number of slots in use. */
  get taken(): number {
    return this.#numbering.taken;
  }

  /**
   * Takes a slot for the current epoch. Sets only its flags and version; the caller must set the rest.
   * @throws RangeError if 2^27 slots are in use.
   */
  allocate(flags: number): number {
    if (this.taken === MAX_SLOTS) throw new RangeError('no more than 2^27 sessions');
    const slot = this.#numbering.take();
    if (slot >= this.#capacity) this.#resize(longer(this.#capacity, slot + 1));
    this.setFlags(slot, flags | this.#epoch);
    this.#rows[slot * ROW + DURATION] = 0;
    this.#rareBytes += this.#rareBytesOf(slot);
    this.change(slot);
    return slot;
  }

  /** Makes a slot that was allocated with no flags, and has only got data since, a session with these flags. */
  reveal(slot: number, flags: number): void {
    this.setFlags(slot, flags | (this.flags(slot) & Flag.KeyDeadlines) | this.#epoch);
    this.change(slot);
  }

  release(slot: number): void {
    // The token was a credential: it must not outlive the session.
    for (let word = 0; word < TOKEN_WORDS; word++) this.token[slot * TOKEN_WORDS + word] = 0;
    // The end of a doomed slot was counted when it was doomed.
    if (!this.isDoomed(slot)) this.change(slot);
    this.#rareBytes -= this.#rareBytesOf(slot);
    this.setFlags(slot, 0);
    this.#numbering.release(slot);
  }

  /** Frees some of the memory if there is much more than needed. Returns whether it did. */
  trim(): boolean {
    const capacity = shorter(this.#capacity, this.used);
    if (capacity === this.#capacity) return false;
    this.#resize(capacity);
    return true;
  }

  #resize(capacity: number): void {
    this.#capacity = capacity;
    this.token = resized(this.token, capacity * TOKEN_WORDS);
    this.created = resized(this.created, capacity);
    this.#rows = resized(this.#rows, capacity * ROW);
    this.#rare.resize(capacity);
  }

  /** Sets or clears a flag of a rare property. */
  #setRare(slot: number, flag: number, isSet: boolean): void {
    const flags = this.flags(slot);
    if (((flags & flag) !== 0) === isSet) return;
    this.#rareBytes -= this.#rareBytesOf(slot);
    this.setFlags(slot, flags ^ flag);
    this.#rareBytes += this.#rareBytesOf(slot);
  }

  #rareBytesOf(slot: number): number {
    const flags = this.flags(slot);
    return (
      ((flags & Flag.KeptId) !== 0 ? RareProperties.ID_BYTES : 0) +
      ((flags & Flag.MaxAge) !== 0 ? RareProperties.MAX_AGE_BYTES : 0) +
      ((flags & (Flag.OldToken | Flag.OldTokens)) !== 0 ? RareProperties.CHAIN_BYTES : 0) +
      ((flags & Flag.KeyDeadlines) !== 0 ? RareProperties.KEY_ROW_BYTES : 0) +
      (this.#rows[slot * ROW + DURATION] >>> 0 === UNUSUAL ? RareProperties.DURATION_BYTES : 0)
    );
  }
}

/** Bytes per slot, without rare properties. */
const BYTES_PER_SLOT = TOKEN_WORDS * 4 + 8 + ROW * 4;
