import { column, longer, resized, shorter } from '../memory/column.js';
import { TOKEN_WORDS } from '../tokens/token.js';
import { Numbering } from './numbering.js';

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
  /** It has one value and no keys: a string of Redis'. */
  String: 128,
  /** A doomed session whose end is under way. */
  Ending: 512,
  /** A shared session whose token nobody has asked for or presented: it is not in the token index. */
  Tokenless: 256,
} as const;

/**
 * The bits above are the epoch that a slot is of. All sessions are ended at once by the next one beginning: what is of one that
 * is over is *doomed*, gone for whoever looks, though it is still worked off (see `Doomed`).
 */
export const EPOCH_BITS = 0x7fff_f000;
const ONE_EPOCH = 0x1000;
const EPOCHS = 2 ** 19;

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
const FIRST_SLOTS = 1024;
/** So many slots the columns can grow to where they are; beyond, they are copied to double. */
const RESERVED_SLOTS = 2 ** 25;

/**
 * The fixed-size part of every session: a session is a slot number, and its properties are in typed arrays
 * indexed by it. A million sessions are a handful of arrays instead of a million objects that the garbage
 * collector would walk. The lowest free slot is the next one taken, so that columns become shorter again when
 * sessions have gone.
 *
 * Small numbers stand in one row of 32 bytes a slot: what ends a session touches most of them, and at a million
 * sessions each array of its own would be another cache miss. The others have columns.
 */
export class SlotTable {
  /** Bytes that a slot takes. */
  static readonly BYTES_PER_SLOT = TOKEN_WORDS * 4 + 3 * 8 + ROW * 4;

  /** Four words a slot: the token of the session or of the alias; nothing yet of a tokenless session. */
  token = column(Uint32Array, FIRST_SLOTS * TOKEN_WORDS, RESERVED_SLOTS * TOKEN_WORDS);
  /** Unix ms, with a fraction of up to three digits. */
  created = column(Float64Array, FIRST_SLOTS, RESERVED_SLOTS);
  /** Duration in ms, 0 if the session never expires. */
  duration = column(Float64Array, FIRST_SLOTS, RESERVED_SLOTS);
  /** The instant in ms on the monotonic clock when MAXAGE is reached. Of a slot without `maxAge` it is not to be looked at. */
  maxAgeEnd = column(Float64Array, FIRST_SLOTS, RESERVED_SLOTS);

  #rows = column(Int32Array, FIRST_SLOTS * ROW, RESERVED_SLOTS * ROW);
  #capacity = FIRST_SLOTS;
  readonly #numbering = new Numbering();
  #changes = 0;
  /** As it stands in flags. */
  #epoch = 0;
  /** Epochs that have begun since nothing was doomed. */
  #swept = 0;
  /** Whether there may be slots of an epoch that is over. Only then need anybody ask of what epoch a slot is. */
  sweeping = false;

  /**
   * Begins the next epoch: dooms all that is there. Returns the one that is over. There must be some left.
   * @param sessions How many are doomed: as many changes.
   */
  beginEpoch(sessions: number): number {
    const over = this.#epoch;
    this.#epoch = (over + ONE_EPOCH) & EPOCH_BITS;
    this.#swept++;
    this.sweeping = true;
    this.#changes += sessions;
    return over;
  }

  /** How many may begin while there are doomed slots: of what epoch a slot is must stay clear. */
  get epochsLeft(): number {
    return EPOCHS - 1 - this.#swept;
  }

  /** Nothing is doomed any more. */
  endSweep(): void {
    this.#swept = 0;
    this.sweeping = false;
  }

  epochOf(slot: number): number {
    return this.flags(slot) & EPOCH_BITS;
  }

  /** Whether the slot, which is not free, is of an epoch that is over. */
  isDoomed(slot: number): boolean {
    return this.sweeping && this.epochOf(slot) !== this.#epoch;
  }

  /** Whether the slot is a session of an epoch that is over. */
  isDoomedSession(slot: number): boolean {
    return (this.flags(slot) & Flag.Session) !== 0 && this.isDoomed(slot);
  }

  /** Whether the slot is a session of the present epoch, due or not. */
  isSession(slot: number): boolean {
    return (this.flags(slot) & (Flag.Session | EPOCH_BITS)) === (Flag.Session | this.#epoch);
  }

  setToken(slot: number, words: Uint32Array): void {
    // For four words, `set` would take longer to begin than to copy.
    for (let word = 0; word < TOKEN_WORDS; word++) this.token[slot * TOKEN_WORDS + word] = words[word];
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

  /** Of a session: its first alias. Of an alias: the next one. */
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

  /** The number of the latest change to the session, of all changes to any session. Goes round. */
  version(slot: number): number {
    return this.#rows[slot * ROW + VERSION];
  }

  /** Something happened to the session. */
  change(slot: number): void {
    this.#rows[slot * ROW + VERSION] = ++this.#changes;
  }

  /** How often something has happened to a session. */
  get changes(): number {
    return this.#changes;
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
    return this.#numbering.end;
  }

  /** Slots that are taken now. */
  get taken(): number {
    return this.#numbering.taken;
  }

  /**
   * Takes a slot, of the present epoch. Only flags, chain and version are set; the rest is the caller's to fill.
   * @throws RangeError when 2^27 slots are in use.
   */
  allocate(flags: number): number {
    if (this.taken === MAX_SLOTS) throw new RangeError('no more than 2^27 sessions');
    const slot = this.#numbering.take();
    if (slot >= this.#capacity) this.#resize(longer(this.#capacity, slot + 1));
    this.begin(slot, flags);
    return slot;
  }

  /** Lets a slot that is taken be something from now on, as `allocate` does. */
  begin(slot: number, flags: number): void {
    this.setFlags(slot, flags | this.#epoch);
    this.setChain(slot, NONE);
    this.change(slot);
  }

  release(slot: number): void {
    // The token was a credential: it does not outlive the session.
    for (let word = 0; word < TOKEN_WORDS; word++) this.token[slot * TOKEN_WORDS + word] = 0;
    // The end of a doomed one was counted when it was doomed.
    if (!this.isDoomed(slot)) this.change(slot);
    this.setFlags(slot, 0);
    this.#numbering.release(slot);
  }

  /** Gives some of the memory back that is much more than needed. Returns whether there was any. */
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
    this.duration = resized(this.duration, capacity);
    this.maxAgeEnd = resized(this.maxAgeEnd, capacity);
    this.#rows = resized(this.#rows, capacity * ROW);
  }
}
