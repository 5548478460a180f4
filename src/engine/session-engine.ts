import { randomBytes } from 'node:crypto';
import { Slice } from '../slice.js';
import type { ChangeListener } from './change-listener.js';
import { ChangeListeners } from './change-listeners.js';
import { Doomed, type Totals } from './ending/doomed.js';
import { type EvictionPolicy, Evictor } from './ending/evictor.js';
import type { SessionEngineOptions, SessionListener } from './engine-options.js';
import type { FieldStore } from './fields/field-store.js';
import { PackedFieldStore } from './fields/packed-field-store.js';
import { SessionData, STRING_KEY } from './fields/session-data.js';
import { Region } from './memory/region.js';
import { NameIndex } from './names/name-index.js';
import { Restoration } from './restoring/restoration.js';
import type { UnseenSession } from './restoring/unseen-session.js';
import { UnseenSessions } from './restoring/unseen-sessions.js';
import {
  type EngineStats,
  type Extend,
  extendOf,
  MAX_DURATION,
  MAX_NAME,
  MAX_SECONDS,
  type NewSession,
  NO_SESSION,
  type Session,
  type SessionEnd,
  type SessionEvent,
  type SessionInfo,
  type SessionState,
} from './session.js';
import { NO_SUCH_SESSION, SessionError } from './session-error.js';
import { Flag, NONE, SlotTable } from './tables/slot-table.js';
import { BackgroundWork, DONE } from './time/background-work.js';
import { type Clock, systemClock } from './time/clock.js';
import { CreationTimes } from './time/creation-times.js';
import { Deadlines } from './time/deadlines.js';
import { TimingWheel } from './time/timing-wheel.js';
import { UnixTime } from './time/unix-time.js';
import { Aliases } from './tokens/aliases.js';
import { DerivedTokens } from './tokens/derived-tokens.js';
import { formatToken, parseToken, randomToken, TOKEN_WORDS } from './tokens/token.js';
import { TokenIndex } from './tokens/token-index.js';

function checkTime(name: string, time: number, max: number): void {
  if (!(time >= 0 && time <= max)) throw new RangeError(`${name} must be from 0 to ${max}`);
}

const EXTEND_FLAGS: Record<Extend, number> = {
  none: 0,
  get: Flag.ExtendGet,
  set: Flag.ExtendSet,
  both: Flag.ExtendGet | Flag.ExtendSet,
};

const BAD_NAME = new SessionError('ERR', `a name is 1 to ${MAX_NAME} bytes`);
const SHARED_EXISTS = new SessionError('SESSIONEXISTS', 'a shared session of this name exists');
const TOKEN_EXISTS = new SessionError('SESSIONEXISTS', 'a session of this token exists');

const NOTHING: Totals = { sessions: 0, keys: 0, bytes: 0, timers: 0 };

/** With more bytes of data than this, ending a session takes so long that reading the clock after it costs little. */
const MUCH_DATA = 4096;

/** How long after sessions have ended the memory that they leave is given back, in ms: others may come meanwhile. */
const TRIM_DELAY_MS = 1000;

/** Bytes of memory that a session takes besides its name, its data and its place in the token index: columns, timer, its place in the field store. */
const BYTES_PER_SLOT = SlotTable.BYTES_PER_SLOT + TimingWheel.BYTES_PER_TIMER + 4;

/**
 * Sessions: their tokens, names, data, and their end on time.
 *
 * Whatever looks sessions up (`create`, `find`, `sessionsOf`, …) takes the clock's time as the instant
 * of the operation and first lets happen what is due for them by then: nobody sees data past its deadline,
 * however far behind the wheel is. A `Session` got that way is valid for the rest of the operation, that is
 * until the caller gives control back to the event loop.
 */
export class SessionEngine {
  /** The sessions' keys and values. */
  readonly data: SessionData;

  readonly #clock: Clock;
  readonly #derived: DerivedTokens;
  readonly #listener: SessionListener | undefined;
  readonly #onFault: (fault: unknown) => void;
  #changes: ChangeListener | undefined;
  #changeListeners: readonly ChangeListener[] = [];

  readonly #unixTime: UnixTime;
  readonly #creationTimes: CreationTimes;
  readonly #slots = new SlotTable();
  readonly #names: NameIndex;
  readonly #tokens: TokenIndex;
  readonly #fields: FieldStore = new PackedFieldStore(() => this.#trimming.schedule(TRIM_DELAY_MS));
  readonly #unseen = new UnseenSessions({ slots: this.#slots, fields: this.#fields });
  readonly #deadlines: Deadlines;
  readonly #aliases: Aliases;
  readonly #evictor: Evictor;
  readonly #doomed: Doomed;
  /** Gives memory back: a hundred megabytes take 10 ms. */
  readonly #trimming: BackgroundWork;
  #created = 0;
  #ended = 0;
  #expired = 0;
  #cleared = 0;
  #evicted = 0;
  #found = 0;
  #missed = 0;

  readonly #words = new Uint32Array(TOKEN_WORDS);

  constructor(options: SessionEngineOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    const derived = new DerivedTokens(options.secret ?? randomBytes(32));
    const names = new NameIndex(this.#slots, derived.locator, (slot) => this.#endDoomed(slot));
    this.#derived = derived;
    this.#names = names;
    this.#tokens = new TokenIndex(this.#slots, {
      derive: (slot, words) => derived.derive(names.sliceOf(slot), words),
      candidates: (words) => names.sharedByHash(derived.locatorIn(words)),
    });
    this.#listener = options.listener;
    this.#onFault = options.onFault ?? ((fault) => process.emitWarning(fault instanceof Error ? fault : String(fault)));
    const clock = this.#clock;
    this.#unixTime = new UnixTime(clock);
    this.#creationTimes = new CreationTimes(clock);
    const instant = options.instant ?? (() => clock.now());
    this.#deadlines = new Deadlines(
      this.#slots,
      clock,
      instant,
      (slot, deadline) => this.#expire(slot, deadline),
      (slot) => this.#fields.memoryOf(slot) > MUCH_DATA,
    );
    this.#aliases = new Aliases(this.#slots, this.#tokens, this.#deadlines);
    this.#doomed = new Doomed({
      slots: this.#slots,
      clock,
      atOnce: options.endsAtOnce ?? 256,
      end: (slot) => this.#endDoomed(slot),
      isBehind: () => this.#listener?.isBehind?.() ?? false,
    });
    this.#evictor = new Evictor(this.#slots, this.#deadlines, this.#clock, this);
    this.#trimming = new BackgroundWork(clock, () => this.#trim());
    const maxValueBytes = options.maxValueBytes ?? 64 * 1024 * 1024;
    this.data = new SessionData(this.#slots, this.#fields, this.#deadlines, maxValueBytes);
    if (options.changes !== undefined) this.listen(options.changes);
  }

  /** Notifies a listener of every change from now on. Returns a function that ends that. */
  listen(listener: ChangeListener): () => void {
    this.#tellOnly([...this.#changeListeners, listener]);
    return () => this.#tellOnly(this.#changeListeners.filter((other) => other !== listener));
  }

  #tellOnly(listeners: readonly ChangeListener[]): void {
    this.#changeListeners = listeners;
    this.#changes = listeners.length < 2 ? listeners[0] : new ChangeListeners(listeners);
    this.data.changes = this.#changes;
  }

  /** Stops the wheel, evicting and trimming: nothing happens by itself any more. */
  close(): void {
    this.#deadlines.stop();
    this.#doomed.stop();
    this.#evictor.stop();
    this.#trimming.stop();
  }

  // Finding sessions

  /** The live session of a token, or NO_SESSION if the token is unknown, malformed, ended or expired. */
  find(token: Slice): Session {
    this.#deadlines.begin();
    return this.#counted(this.#sessionOf(token));
  }

  /** The live shared session of a name, or NO_SESSION. */
  findShared(name: Slice): Session {
    this.#deadlines.begin();
    return this.#counted(this.#settled(this.#names.shared(name)));
  }

  /**
   * The live shared session of a name, which from now on is found by its token.
   * @throws SessionError NOTSHARED if the name's live sessions are all unshared, NOSESSION if it has none; SESSIONEXISTS if
   *   its token was given to another session.
   */
  open(name: Slice): Session {
    const session = this.findShared(name);
    if (session !== NO_SESSION) {
      if (!this.#giveToken(session)) throw TOKEN_EXISTS;
      return session;
    }
    if (this.sessionsOf(name).length === 0) throw NO_SUCH_SESSION;
    throw new SessionError('NOTSHARED', 'the session of this name is not shared');
  }

  /** The live sessions of a name, oldest first. */
  sessionsOf(name: Slice): Session[] {
    this.#deadlines.begin();
    return this.#sessionsOf(name);
  }

  /**
   * Visits live sessions by slot. A session keeps its slot for life, so a scan that starts at 0 and
   * goes on until it is given 0 visits every session that lives throughout it once.
   * @param cursor 0, or what the previous call returned.
   * @param count How many slots to look at, 1 or more.
   * @returns Where to go on, 0 at the end.
   */
  scan(cursor: number, count: number, visit: (session: Session) => void): number {
    this.#deadlines.begin();
    const end = Math.min(cursor + count, this.#slots.used);
    for (let slot = cursor; slot < end; slot++) {
      if (this.#isLiveSession(slot)) visit(slot as Session);
    }
    return end < this.#slots.used ? end : 0;
  }

  // Life of a session

  /** @throws SessionError ERR if the name is empty or longer than 512 bytes. */
  static checkName(name: Slice): void {
    if (name.length === 0 || name.length > MAX_NAME) throw BAD_NAME;
  }

  /**
   * Creates a session.
   * @param unseen What has been put together for it, if anything has: its data, in place of that of the settings. If this throws, it stays unseen.
   * @throws SessionError SESSIONEXISTS if its token, given or derived from the name, is in use; ERR if
   *   the name is empty or longer than 512 bytes, or the token given is not one; RangeError if a setting is out of its range, or there are 2^27 sessions;
   *   SessionError OOM if there is no memory.
   */
  create(name: Slice, settings: NewSession = {}, unseen?: UnseenSession): Session {
    const { duration = 0, deleteSession = true, shared = false, extend = 'none', maxAge = 0 } = settings;
    const { limit = Infinity, string } = settings;
    const data = string === undefined ? (settings.data ?? []) : [STRING_KEY, string];
    const tokenless = shared === 'tokenless';
    SessionEngine.checkName(name);
    checkTime('duration', duration, MAX_DURATION);
    checkTime('maxAge', maxAge, MAX_SECONDS);
    if (!(limit >= 1)) throw new RangeError('limit must be at least 1');
    const now = this.#deadlines.begin();
    if (shared && this.#settled(this.#names.shared(name)) !== NO_SESSION) throw SHARED_EXISTS;
    if (!tokenless) this.#takeToken(name, settings);

    const slots = this.#slots;
    const flags =
      Flag.Session |
      EXTEND_FLAGS[extend] |
      (deleteSession ? Flag.DeleteSession : 0) |
      (shared ? Flag.Shared : 0) |
      (string === undefined ? 0 : Flag.String);
    const session = unseen === undefined ? (slots.allocate(flags) as Session) : this.#unseen.reveal(unseen, flags);
    slots.created[session] = this.#creationTimes.next();
    slots.use(session, now);
    slots.duration[session] = duration;
    slots.setMaxAge(session, maxAge);
    // Where nobody has a MAXAGE, its column is never written to and takes no memory.
    if (maxAge > 0) slots.maxAgeEnd[session] = now + maxAge * 1000;
    if (unseen === undefined) this.#fillNew(session, data);
    this.#names.add(name, session, shared !== false);
    if (tokenless) {
      this.#tokens.addTokenless(session);
    } else {
      slots.setToken(session, this.#words);
      this.#tokens.add(session);
    }
    this.#created++;
    this.#deadlines.start(session);
    this.#changes?.onCreated(session);
    this.#tell('new', session);
    this.#enforceLimit(name, limit);
    return session;
  }

  /** Sets the first data of a session that is being made; if there is no memory for it, the session is not made. */
  #fillNew(session: Session, data: readonly Slice[]): void {
    try {
      this.#fields.fill(session, data);
    } catch (error) {
      this.#fields.clear(session);
      this.#slots.release(session);
      throw error;
    }
  }

  /** Begins a session whose data is put together before it is visible. The caller creates it with `create`, or discards it. */
  prepare(): UnseenSession {
    return this.#unseen.prepare();
  }

  /** Ends a session: when this returns, it and its data are gone. */
  end(session: Session): void {
    this.#end(session, 'ended');
  }

  /** Ends a session in whose place another one comes. */
  replace(session: Session): void {
    this.#end(session, 'replaced');
  }

  /** Ends the sessions of a name. Returns how many. */
  endName(name: Slice): number {
    const sessions = this.sessionsOf(name);
    for (const session of sessions) this.end(session);
    return sessions.length;
  }

  /**
   * Ends every session. Returns how many. They are gone when this returns; where there are many, their events come later, in
   * slices, and so does their memory.
   */
  endAll(): number {
    const now = this.#deadlines.begin();
    const { sessions, keys, bytes, pending } = this.stats();
    if (sessions === 0) return 0;
    const { expired, maxage } = this.#countDue(now);
    this.#expired += expired;
    this.#ended += sessions - expired;
    this.#changes?.onEndedAll();
    this.#names.doomAll();
    this.#doomed.doom({ sessions, keys, bytes, timers: pending }, now);
    return sessions - expired - maxage;
  }

  /** How many sessions are due by now and were not ended yet, for their duration and for MAXAGE. */
  #countDue(now: number): { expired: number; maxage: number } {
    const slots = this.#slots;
    let expired = 0;
    let maxage = 0;
    this.#deadlines.forEachDue((slot, deadline) => {
      if (!slots.isSession(slot)) return;
      if (this.#endAt(slot, deadline) === 'expired') expired++;
      else if (slots.maxAge(slot) > 0 && slots.maxAgeEnd[slot] <= now) maxage++;
    });
    return { expired, maxage };
  }

  /** Gives a session a new duration in ms, started now; 0: it never expires. @throws RangeError if it is out of range. */
  setDuration(session: Session, duration: number, deleteSession?: boolean): void {
    checkTime('duration', duration, MAX_DURATION);
    const flags = this.#slots.flags(session);
    if (deleteSession === true) this.#slots.setFlags(session, flags | Flag.DeleteSession);
    if (deleteSession === false) this.#slots.setFlags(session, flags & ~Flag.DeleteSession);
    this.#slots.duration[session] = duration;
    this.#slots.change(session);
    this.#deadlines.start(session);
    this.#changes?.onChanged(session);
  }

  /** Counts a session as used now, for eviction and `idleTime`. */
  use(session: Session): void {
    this.#slots.use(session, this.#deadlines.now);
  }

  /** Starts the running duration of a session again. Returns false if none is running. */
  touch(session: Session): boolean {
    this.#slots.use(session, this.#deadlines.now);
    const extended = this.#deadlines.extend(session);
    if (extended) this.#changes?.onExtended(session);
    return extended;
  }

  /**
   * Gives a session a new token. Without grace every old token stops at once; with it, the present one
   * reaches the session for `grace` more ms. Of `MAX_OLD_TOKENS` the one whose grace ends first stops at once.
   * @throws SessionError ERR for a shared session, whose token follows from its name.
   */
  rotate(session: Session, grace = 0): void {
    const slots = this.#slots;
    if (this.isShared(session)) {
      throw new SessionError('ERR', 'the token of a shared session follows from its name and cannot be rotated');
    }
    const old = Slice.of(this.tokenBytes(session).copy());
    parseToken(old, this.#words);
    this.#tokens.remove(session);
    if (grace > 0) this.#aliases.add(session, this.#words, this.#deadlines.now + grace);
    else this.#aliases.removeAll(session);
    randomToken(this.#words);
    slots.setToken(session, this.#words);
    slots.change(session);
    this.#tokens.add(session);
    this.#changes?.onRotated(session, old);
    this.#tell('rotated', session);
  }

  /**
   * Gives a shared session a new name, and with it another token: the old one stops at once.
   * @throws SessionError NOTSHARED if it is not shared; SESSIONEXISTS if the name has a shared session; ERR if the name is empty or
   *   longer than 512 bytes.
   */
  rename(session: Session, name: Slice): void {
    if (!this.isShared(session)) throw new SessionError('NOTSHARED', 'only a shared session may be renamed');
    SessionEngine.checkName(name);
    if (this.#settled(this.#names.shared(name)) !== NO_SESSION) throw SHARED_EXISTS;
    this.#changes?.onEnded(session);
    this.#tokens.remove(session);
    this.#names.remove(session);
    this.#names.addByAge(name, session, true);
    this.#tokens.addTokenless(session);
    this.#slots.change(session);
    this.#changes?.onCreated(session);
    this.#tell('renamed', session);
  }

  // Memory

  /**
   * Sets how many bytes of `memory` sessions may take, and what happens when they take more: `noeviction`,
   * nothing, but `makeRoom` says that there is no room; otherwise it ends the session that is due first
   * (`volatile-ttl`) or the one not used for longest (`allsessions-lru`) until there is room again.
   */
  limitMemory(maxBytes: number, policy: EvictionPolicy): void {
    this.#evictor.limit(maxBytes, policy);
  }

  /**
   * Evicts sessions until the limit is kept again, for a millisecond at a time (10 where far too much is taken), the
   * rest when what waits has been served. To be called before what may take memory.
   * @returns false if the limit is exceeded and no session may be evicted.
   */
  makeRoom(): boolean {
    return this.#evictor.makeRoom();
  }

  /**
   * Evicts sessions until this many more bytes may be taken: for a caller that is about to take much at once.
   * @returns false if that is not possible; a promise of the result if many must be evicted, in slices.
   */
  makeRoomFor(bytes: number): boolean | Promise<boolean> {
    return this.#evictor.makeRoomFor(bytes);
  }

  /** Whether the sessions' data is as much as can be addressed. */
  get isFull(): boolean {
    return this.#fields.isFull;
  }

  /** Frees a part of the data that was removed. Returns whether there may be more. */
  reclaim(): boolean {
    return this.#fields.reclaim();
  }

  /** Ends a session to make room. */
  evict(session: Session): void {
    this.#end(session, 'evicted');
  }

  /** Ends a doomed session, to make room. Returns false if there is none. */
  endDoomed(): boolean {
    return this.#doomed.endOne();
  }

  /** Bytes of memory that the sessions take, overhead included, doomed ones included; not memory that is reserved for later ones. */
  get memory(): number {
    const index = this.#tokens.size * TokenIndex.BYTES_PER_ENTRY;
    return this.#slots.taken * BYTES_PER_SLOT + index + this.#fields.memory + this.#names.memory;
  }

  /** Bytes of memory that the session takes, its name aside. */
  memoryOf(session: Session): number {
    const index = this.isTokenless(session) ? 0 : TokenIndex.BYTES_PER_ENTRY;
    return BYTES_PER_SLOT + index + this.#fields.memoryOf(session);
  }

  // Looking at a session: never extends it

  token(session: Session): string {
    return this.tokenBytes(session).latin1();
  }

  /** The token's 22 characters, good until the next call of any engine: who wants to keep them takes a copy. */
  tokenBytes(session: Session): Slice {
    if (!this.#giveToken(session)) {
      this.#derived.derive(this.#names.sliceOf(session), this.#words);
      return formatToken(this.#words);
    }
    return formatToken(this.#slots.token, session * TOKEN_WORDS);
  }

  /** How many tokens were derived from names: each costs an HMAC. */
  get derivations(): number {
    return this.#derived.derivations;
  }

  /** Whether it is a shared session whose token nobody has asked for. Who asks for a token makes it known. */
  isTokenless(session: Session): boolean {
    return (this.#slots.flags(session) & Flag.Tokenless) !== 0;
  }

  name(session: Session): Buffer {
    return this.#names.sliceOf(session).copy();
  }

  /** The name, good until the next call: who wants to keep it takes a copy. */
  nameBytes(session: Session): Slice {
    return this.#names.sliceOf(session);
  }

  /** The name as a string with one character per byte ("latin1"). */
  nameText(session: Session): string {
    return this.#names.sliceOf(session).latin1();
  }

  /** Whether it has one value and no keys. */
  isString(session: Session): boolean {
    return (this.#slots.flags(session) & Flag.String) !== 0;
  }

  isShared(session: Session): boolean {
    return (this.#slots.flags(session) & Flag.Shared) !== 0;
  }

  /** How long ago its data was last used, in ms, to a tenth of a second. */
  idleTime(session: Session): number {
    return Math.max(0, this.#deadlines.now - this.#slots.lastUsed(session));
  }

  /** Milliseconds to the deadline, more than 0; Infinity if none is pending. */
  timeLeft(session: Session): number {
    return this.#deadlines.left(session);
  }

  /** When it is due, in unix ms, whole; Infinity if it never is. */
  unixDeadline(session: Session): number {
    const deadline = this.deadline(session);
    return deadline === Infinity ? Infinity : this.#unixTime.of(deadline);
  }

  /** What is left from now until an instant in unix ms, in ms; less than 0 if it has been. The operation happens now from then on. */
  timeUntil(unix: number): number {
    return this.#unixTime.instantOf(unix) - this.#deadlines.begin();
  }

  /** Changes whenever the session's data, settings or token are changed, and when it is gone. */
  version(session: Session): number {
    return this.#slots.version(session);
  }

  /** Unix ms, with a fraction. */
  created(session: Session): number {
    return this.#slots.created[session];
  }

  /** Its duration in ms, 0 for none. */
  duration(session: Session): number {
    return this.#slots.duration[session];
  }

  /** When it is due, in ms on the clock, for its duration or for MAXAGE; Infinity if it never is. */
  deadline(session: Session): number {
    return this.#deadlines.deadline(session);
  }

  /** What is to be kept of a session besides token, name and data. */
  state(session: Session): SessionState {
    const slots = this.#slots;
    const flags = slots.flags(session);
    return {
      shared: (flags & Flag.Shared) !== 0,
      isString: (flags & Flag.String) !== 0,
      deleteSession: (flags & Flag.DeleteSession) !== 0,
      extendGet: (flags & Flag.ExtendGet) !== 0,
      extendSet: (flags & Flag.ExtendSet) !== 0,
      duration: slots.duration[session],
      deadline: (flags & Flag.Running) !== 0 ? this.#deadlines.deadline(session) : Infinity,
      maxAge: slots.maxAge(session),
      maxAgeEnd: slots.maxAge(session) > 0 ? slots.maxAgeEnd[session] : Infinity,
      created: slots.created[session],
    };
  }

  /** Begins to put sessions back that were kept; until its `finish` nothing else may be done with the engine. */
  restore(): Restoration {
    return new Restoration({
      slots: this.#slots,
      tokens: this.#tokens,
      names: this.#names,
      fields: this.#fields,
      deadlines: this.#deadlines,
      aliases: this.#aliases,
    });
  }

  /** Until when an old token leads to a session, in ms on the clock; 0 if it leads to none. */
  graceEnd(old: Slice): number {
    if (!parseToken(old, this.#words)) return 0;
    const slot = this.#tokens.findGiven(this.#words);
    return slot !== NONE && (this.#slots.flags(slot) & Flag.Alias) !== 0 ? this.#deadlines.deadline(slot) : 0;
  }

  /** Visits the old tokens of a session that still lead to it, with the end of their grace in ms on the clock. */
  forEachOldToken(session: Session, visit: (token: Slice, until: number) => void): void {
    this.#aliases.forEach(session, (alias) =>
      visit(formatToken(this.#slots.token, alias * TOKEN_WORDS), this.#deadlines.deadline(alias)),
    );
  }

  info(session: Session): SessionInfo {
    const { shared, deleteSession, duration, maxAge, created, extendGet, extendSet } = this.state(session);
    return {
      name: this.name(session),
      keys: this.data.count(session),
      shared,
      extend: extendOf(extendGet, extendSet),
      duration,
      deleteSession,
      maxAge,
      timeLeft: this.timeLeft(session),
      created: Math.floor(created),
      bytes: this.data.size(session),
      encoding: this.data.encoding(session),
    };
  }

  /**
   * Goes up by one at least with each change to a session's data, settings or token, and with each session that is made or
   * gone; not when it is read or extended.
   */
  get changes(): number {
    return this.#slots.changes;
  }

  /** All sessions are in slots below this number: what `scan` goes through. */
  get slots(): number {
    return this.#slots.used;
  }

  /** How many sessions there are; one that is due counts until the wheel or a command comes to it. */
  get size(): number {
    return this.#slots.taken - this.#aliases.count - this.#doomed.sessions - this.#unseen.count;
  }

  /** How many sessions are doomed: ended for every caller, but not removed yet. */
  get doomed(): number {
    return this.#doomed.sessions;
  }

  stats(): EngineStats {
    const unseen = this.#unseen.totals();
    return {
      sessions: this.size,
      keys: this.#fields.keys - this.#doomed.keys - unseen.keys,
      bytes: this.#fields.bytes - this.#doomed.bytes - unseen.bytes,
      names: this.#names.live,
      created: this.#created,
      ended: this.#ended,
      expired: this.#expired,
      cleared: this.#cleared,
      evicted: this.#evicted,
      extended: this.#deadlines.extended,
      tick: this.#deadlines.tickMs,
      slots: this.#deadlines.wheelSlots,
      pending: this.#deadlines.pending - this.#doomed.timers,
      lateP99: this.#deadlines.lateP99,
      found: this.#found,
      missed: this.#missed,
    };
  }

  /** Sees to it that a session has a token. Returns false if another session bears the one that it should have. */
  #giveToken(session: Session): boolean {
    if (!this.isTokenless(session) || this.#tokens.give(session)) return true;
    this.#derived.derive(this.#names.sliceOf(session), this.#words);
    // Its bearer may be due.
    if (this.#settled(this.#tokens.findGiven(this.#words)) !== NO_SESSION) return false;
    return this.#tokens.give(session);
  }

  /** The live session of a token, or NO_SESSION. */
  #sessionOf(token: Slice): Session {
    if (!parseToken(token, this.#words)) return NO_SESSION;
    const slot = this.#tokens.find(this.#words);
    const session = this.#settled(slot);
    if (session !== NO_SESSION || slot === NONE) return session;
    // It has just gone, and may have had the token of a shared session, which has it now. One whose end is being told is still there.
    parseToken(token, this.#words);
    const other = this.#tokens.find(this.#words);
    return other === slot ? NO_SESSION : this.#settled(other);
  }

  /** The live session of a slot that a look-up found, or NO_SESSION. An alias leads to its session. */
  #settled(slot: number): Session {
    if (slot === NONE) return NO_SESSION;
    if (this.#slots.isDoomed(slot)) {
      this.#endDoomed((this.#slots.flags(slot) & Flag.Alias) === 0 ? slot : this.#slots.owner(slot));
      return NO_SESSION;
    }
    if (!this.#deadlines.settle(slot)) return NO_SESSION;
    if ((this.#slots.flags(slot) & Flag.Alias) === 0) return slot as Session;
    return this.#settled(this.#slots.owner(slot));
  }

  /**
   * Makes `#words` the token that a new session is to have.
   * @throws SessionError SESSIONEXISTS if it is in use; ERR if what was given is none.
   */
  #takeToken(name: Slice, settings: NewSession): void {
    const { shared, token } = settings;
    if (shared) {
      this.#derived.derive(name, this.#words);
    } else if (token === undefined) {
      randomToken(this.#words);
      return;
    } else if (!parseToken(token, this.#words)) {
      throw new SessionError('ERR', 'a token is 22 characters of base64url that hold 128 bits');
    }
    // A token that is not entered yet is that of another name.
    const slot = shared ? this.#tokens.findGiven(this.#words) : this.#tokens.find(this.#words);
    if (slot === NONE) return;
    if (this.#settled(slot) !== NO_SESSION) throw shared ? SHARED_EXISTS : TOKEN_EXISTS;
    // It has just gone. Another one may have the token now, and who heard of it may have looked others up.
    this.#takeToken(name, settings);
  }

  #counted(session: Session): Session {
    if (session === NO_SESSION) this.#missed++;
    else this.#found++;
    return session;
  }

  #isLiveSession(slot: number): boolean {
    return this.#slots.isSession(slot) && this.#deadlines.settle(slot);
  }

  #sessionsOf(name: Slice): Session[] {
    const sessions: Session[] = [];
    for (let slot = this.#names.oldest(name); slot !== NONE; ) {
      const newer = this.#slots.newer(slot);
      if (this.#isLiveSession(slot)) sessions.push(slot as Session);
      slot = newer;
    }
    return sessions;
  }

  #enforceLimit(name: Slice, limit: number): void {
    // Only past the limit are the name's sessions looked at: some may be due, and count no more.
    if (this.#names.count(name) <= limit) return;
    const sessions = this.#sessionsOf(name);
    for (const session of sessions.slice(0, Math.max(0, sessions.length - limit))) this.#end(session, 'limit');
  }

  /** Acts on a deadline that has come. Returns whether the slot still lives. */
  #expire(slot: number, deadline: number): boolean {
    const slots = this.#slots;
    if (slots.isDoomed(slot)) {
      this.#expireDoomed(slot, deadline);
      return false;
    }
    if ((slots.flags(slot) & Flag.Alias) !== 0) {
      this.#aliases.remove(slot);
      return false;
    }
    const session = slot as Session;
    const end = this.#endAt(slot, deadline);
    if (end !== undefined) {
      this.#end(session, end);
      return false;
    }
    this.#clear(session);
    this.#deadlines.set(slot, slots.maxAge(slot) > 0 ? slots.maxAgeEnd[slot] : Infinity);
    this.#changes?.onEmptied(session);
    this.#changes?.onChanged(session);
    // MAXAGE may have come as well by now.
    return this.#deadlines.settle(slot);
  }

  /** How a deadline that has come ends a session, if it does. */
  #endAt(slot: number, deadline: number): 'maxage' | 'expired' | undefined {
    const slots = this.#slots;
    if (slots.maxAge(slot) > 0 && deadline >= slots.maxAgeEnd[slot]) return 'maxage';
    return (slots.flags(slot) & Flag.DeleteSession) !== 0 ? 'expired' : undefined;
  }

  /** Takes a session its data at its deadline. */
  #clear(session: Session): void {
    const slots = this.#slots;
    this.#cleared++;
    this.#deadlines.cancel(session);
    this.#tell('cleared', session);
    this.#fields.clear(session);
    slots.change(session);
    slots.setFlags(session, slots.flags(session) & ~(Flag.Running | Flag.String));
  }

  #end(session: Session, event: SessionEnd): void {
    if (event === 'expired') this.#expired++;
    else if (event === 'evicted') this.#evicted++;
    else this.#ended++;
    this.#changes?.onEnded(session);
    this.#remove(session, event);
  }

  #remove(session: Session, event: SessionEnd): void {
    // A listener that looks sessions up must not find this one due again.
    this.#deadlines.cancel(session);
    this.#tell(event, session);
    this.#aliases.removeAll(session);
    this.#fields.clear(session);
    this.#deadlines.cancel(session);
    this.#tokens.remove(session);
    this.#names.remove(session);
    this.#slots.release(session);
    this.#trimming.schedule(TRIM_DELAY_MS);
  }

  /** Notifies the listener. Its faults stop neither this operation nor those that follow. */
  #tell(event: SessionEvent, session: Session): void {
    try {
      this.#listener?.onSession(event, session);
    } catch (fault) {
      this.#onFault(fault);
    }
  }

  /** The wheel has come to the deadline of a session that is doomed, or of an old token of one. */
  #expireDoomed(slot: number, deadline: number): void {
    this.#doomed.subtract({ ...NOTHING, timers: 1 });
    if ((this.#slots.flags(slot) & Flag.Alias) !== 0) this.#aliases.remove(slot);
    else this.#endDoomed(slot, deadline);
  }

  /**
   * Ends a doomed session. Its end was counted and recorded when it was doomed; if it had expired by then, that is published first.
   * @param deadline In ms.
   */
  #endDoomed(slot: number, deadline = this.#deadlines.deadline(slot)): void {
    const session = slot as Session;
    const slots = this.#slots;
    // A listener may look it up.
    if ((slots.flags(slot) & Flag.Ending) !== 0) return;
    slots.setFlags(slot, slots.flags(slot) | Flag.Ending);
    const totals = this.#totalsOf(session);
    const at = this.#doomed.endOf(slot);
    const due = deadline <= at ? this.#endAt(slot, deadline) : 'ended';
    const end = due ?? (slots.maxAge(slot) > 0 && slots.maxAgeEnd[slot] <= at ? 'maxage' : 'ended');
    if (due === undefined) this.#clear(session);
    this.#remove(session, end);
    this.#doomed.subtract(totals);
  }

  #totalsOf(session: Session): Totals {
    let timers = this.#deadlines.deadline(session) < Infinity ? 1 : 0;
    this.#aliases.forEach(session, () => timers++);
    return { sessions: 1, keys: this.#fields.count(session), bytes: this.#fields.size(session), timers };
  }

  /** Gives some of the memory back that sessions have left. Returns when to go on, for `BackgroundWork`. */
  #trim(): number {
    const slots = this.#slots.used;
    const trimmed = [
      this.#slots.trim(),
      this.#deadlines.trim(slots),
      this.#fields.trim(slots),
      this.#names.trim(),
      this.#tokens.trim(),
    ];
    if (trimmed.includes(true)) return 0;
    return Region.collect() ? TRIM_DELAY_MS : DONE;
  }
}
