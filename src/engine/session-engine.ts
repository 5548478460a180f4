import { randomBytes } from 'node:crypto';
import type { Slice } from '../slice.js';
import type { ChangeListener } from './change-listener.js';
import { checkName, checkTime } from './checks.js';
import { Creation } from './creation.js';
import { Doomed } from './ending/doomed.js';
import { Ending } from './ending/ending.js';
import { type EvictionPolicy, Evictor } from './ending/evictor.js';
import { KeyExpiry } from './ending/key-expiry.js';
import { NameEnding } from './ending/name-ending.js';
import type { SessionEngineOptions, SessionListener } from './engine-options.js';
import type { EngineParts } from './engine-parts.js';
import { KeyDeadlines } from './fields/key-deadlines.js';
import { PackedFieldStore } from './fields/packed-field-store.js';
import { SessionData } from './fields/session-data.js';
import { UndueFields } from './fields/undue-fields.js';
import { type Kind, kindOf } from './kind.js';
import { Listeners } from './listeners.js';
import { LiveTotals } from './live-totals.js';
import { LookUps } from './look-ups.js';
import { MemoryUse } from './memory-use.js';
import { NameIndex } from './names/name-index.js';
import type { NameWalk, Place } from './names/name-walk.js';
import { Restoration } from './restoring/restoration.js';
import type { UnseenSession } from './restoring/unseen-session.js';
import { UnseenSessions } from './restoring/unseen-sessions.js';
import {
  type EngineStats,
  extendOf,
  MAX_DURATION,
  type MemoryParts,
  type NewSession,
  type Session,
  type SessionInfo,
  type SessionState,
} from './session.js';
import { SessionTokens } from './session-tokens.js';
import { Flag, SlotTable } from './tables/slot-table.js';
import { type Clock, systemClock } from './time/clock.js';
import { CreationTimes } from './time/creation-times.js';
import { Deadlines } from './time/deadlines.js';
import type { Lateness } from './time/lateness.js';
import type { TimerCounts } from './time/timing-wheel.js';
import { UnixTime } from './time/unix-time.js';
import { DerivedTokens } from './tokens/derived-tokens.js';
import { OldTokens } from './tokens/old-tokens.js';
import { type PublicIdSet, PublicIds } from './tokens/public-ids.js';
import { TokenIndex } from './tokens/token-index.js';
import { Trimming } from './trimming.js';

/**
 * If a session's data takes more bytes of memory than this, ending the session takes so long that reading the clock
 * afterwards adds little.
 */
const MUCH_DATA = 4096;
/** How many sessions a step of `finishingEnds` removes. */
const ENDS_PER_STEP = 16;

/**
 * Keeps sessions: their tokens, names and data. Ends them on time.
 *
 * Every method that looks sessions up (`create`, `find`, `sessionsOf`, …) reads the clock. The operation happens at
 * that time, and sessions that are due by then have expired, however late the wheel is. So no caller sees data past its
 * deadline. A `Session` that such a method returns is valid for the rest of the operation, that is, until the caller
 * returns to the event loop.
 *
 * This class puts the parts of the engine together and is the way in to them. By itself it does only what takes a few
 * lines: it reads the properties of a session, and sets its duration.
 */
export class SessionEngine {
  /** The sessions' keys and values. */
  readonly data: SessionData;

  readonly #clock: Clock;
  readonly #unixTime: UnixTime;
  readonly #listeners: Listeners;
  readonly #slots = new SlotTable();
  readonly #names: NameIndex;
  readonly #deadlines: Deadlines;
  readonly #derived: DerivedTokens;
  readonly #ids: PublicIds;
  readonly #parts: EngineParts;
  readonly #unseen: UnseenSessions;
  readonly #doomed: Doomed;
  readonly #recordsEachEnd: boolean;
  readonly #totals: LiveTotals;
  readonly #lookUps: LookUps;
  readonly #creation: Creation;
  readonly #ending: Ending;
  readonly #keyExpiry: KeyExpiry;
  readonly #nameEnding: NameEnding;
  readonly #tokens: SessionTokens;
  readonly #memory: MemoryUse;
  readonly #evictor: Evictor;
  readonly #trimming: Trimming;

  constructor(options: SessionEngineOptions = {}) {
    const { clock = systemClock, secret = randomBytes(32), endsAtOnce = 256, onCycle } = options;
    const { recordsEachEnd = false } = options;
    const { onFault = (fault) => process.emitWarning(fault instanceof Error ? fault : String(fault)) } = options;
    this.#clock = clock;
    this.#unixTime = new UnixTime(clock);
    const endDoomed = (slot: number) => this.#ending.removeDoomed(slot);
    const onExpiry = onCycle && ((ms: number) => onCycle('expire-cycle', ms));

    // What sessions consist of
    const slots = this.#slots;
    const fields = new PackedFieldStore(() => this.#trimming.schedule());
    const derived = new DerivedTokens(secret);
    const names = new NameIndex(slots, derived.locator, endDoomed);
    const derive = (slot: number, words: Uint32Array) => derived.derive(names.sliceOf(slot), words);
    const ids = new PublicIds(secret, slots, derive);
    const tokens = new TokenIndex(slots, {
      derive,
      candidates: (words) => names.sharedByHash(derived.locatorIn(words)),
    });
    const deadlines = new Deadlines(
      slots,
      clock,
      options.instant ?? (() => clock.now()),
      (slot, deadline) => this.#ending.atDeadline(slot, deadline),
      (slot) => fields.memoryOf(slot) > MUCH_DATA,
      onExpiry,
    );
    const keyDeadlines = new KeyDeadlines(
      slots,
      clock,
      (slot) => this.#keyExpiry.atDeadline(slot),
      () => this.#trimming.schedule(),
      onExpiry,
    );
    const oldTokens = new OldTokens(slots, tokens, deadlines);
    const parts = { slots, tokens, names, fields, deadlines, keyDeadlines, oldTokens, ids };
    this.#derived = derived;
    this.#names = names;
    this.#ids = ids;
    this.#deadlines = deadlines;
    this.#parts = parts;
    const settleKeys = (session: Session) => void this.#keyExpiry.settle(session);
    this.data = new SessionData({ ...parts, settleKeys }, options.maxValueBytes ?? 64 * 1024 * 1024);

    // What happens to them
    const listeners = new Listeners(options.listener, onFault, (changes) => {
      this.data.changes = changes;
    });
    const unseen = new UnseenSessions(parts);
    const trimming = new Trimming(parts, clock);
    const doomed = new Doomed({
      slots,
      clock,
      atOnce: endsAtOnce,
      end: endDoomed,
      isBehind: () => listeners.isBehind,
    });
    const end = (session: Session) => this.#ending.end(session, 'ended');
    const persist = (session: Session) => this.setDuration(session, 0);
    const onBehind = (isBehind: boolean) => {
      this.data.fields = isBehind ? undueFields : fields;
    };
    const keyExpiry = new KeyExpiry({ ...parts, listeners, end, persist, onBehind }, clock);
    const undueFields = new UndueFields(fields, keyExpiry);
    const ending = new Ending({ ...parts, doomed, keyExpiry, listeners, trimming }, endsAtOnce, recordsEachEnd);
    const lookUps = new LookUps({ ...parts, keyExpiry }, endDoomed);
    const nameEnding = new NameEnding({ ...parts, lookUps, ending }, endsAtOnce);
    const times = new CreationTimes(clock);
    const memory = new MemoryUse(parts);
    this.#listeners = listeners;
    this.#unseen = unseen;
    this.#trimming = trimming;
    this.#doomed = doomed;
    this.#recordsEachEnd = recordsEachEnd;
    this.#totals = new LiveTotals({ ...parts, doomed, unseen });
    this.#ending = ending;
    this.#keyExpiry = keyExpiry;
    this.#lookUps = lookUps;
    this.#nameEnding = nameEnding;
    this.#creation = new Creation({ ...parts, derived, unseen, times, lookUps, nameEnding, listeners });
    this.#tokens = new SessionTokens({ ...parts, derived, lookUps, listeners });
    this.#memory = memory;
    const evictorParts = { ...parts, memory, lookUps, ending, doomed };
    this.#evictor = new Evictor(evictorParts, clock, (ms) => onCycle?.('eviction-cycle', ms));
    if (options.changes !== undefined) this.listen(options.changes);
  }

  /**
   * Sets the listener for events, if it needs the engine and so cannot be passed to the constructor. There can be only
   * one.
   * @throws Error if there is one already.
   */
  attach(listener: SessionListener): void {
    this.#listeners.attach(listener);
  }

  /** Notifies a listener of every change from now on. Returns a function that stops this. */
  listen(listener: ChangeListener): () => void {
    return this.#listeners.listen(listener);
  }

  /** Stops all background work: the wheels, the sweep of doomed sessions, eviction and trimming. */
  close(): void {
    this.#deadlines.stop();
    this.#parts.keyDeadlines.stop();
    this.#keyExpiry.stop();
    this.#doomed.stop();
    this.#evictor.stop();
    this.#trimming.stop();
  }

  // Finding sessions

  /**
   * Returns the live session with the token, or NO_SESSION if the token is unknown, malformed, or of a session that has
   * ended or expired.
   */
  find(token: Slice): Session {
    return this.#lookUps.find(token);
  }

  /** Returns the live shared session with the name, or NO_SESSION. */
  findShared(name: Slice): Session {
    return this.#lookUps.findShared(name);
  }

  /**
   * Returns the live shared session with the name, and gives it its token if it has none yet.
   * @throws SessionError NOTSHARED if the name's live sessions are all unshared; NOSESSION if it has none;
   *   SESSIONEXISTS if another session has the token.
   */
  open(name: Slice): Session {
    return this.#tokens.open(name);
  }

  /** Returns the live sessions with the name, oldest first. */
  sessionsOf(name: Slice): Session[] {
    return this.#lookUps.sessionsOf(name);
  }

  /**
   * Returns the slots of the sessions with the name, oldest first. Faster than `sessionsOf`, because it does not check
   * deadlines. For callers that then visit the slots in slices, with `scan`: some sessions may be due, or may have
   * ended by then.
   */
  slotsOf(name: Slice): Int32Array {
    return this.#lookUps.slotsOf(name);
  }

  /**
   * Visits live sessions in the order of their slots. A session keeps its slot for life. So a scan that starts at 0 and
   * continues until this returns 0 visits every session that lives throughout the scan exactly once.
   * @param cursor 0, or what the previous call returned.
   * @param count The number of slots to look at, 1 or more.
   * @returns The cursor for the next call, or 0 at the end.
   */
  scan(cursor: number, count: number, visit: (session: Session) => void): number {
    return this.#lookUps.scan(cursor, count, visit);
  }

  /** Like `scan`, but with `recordsEachEnd` also visits sessions that have ended if their end is not recorded yet. */
  scanRecorded(cursor: number, count: number, visit: (session: Session) => void): number {
    return this.#lookUps.scan(cursor, count, visit, this.#recordsEachEnd);
  }

  /**
   * Like `scan`, but visits only the sessions of one database: the keys of a database from 1 on, or all sessions that
   * are not such keys. For a database from 1 on, `count` is the number of keys to look at, and skipping sessions of
   * other databases takes a step for every 32 of them.
   */
  scanDatabase(database: number, cursor: number, count: number, visit: (session: Session) => void): number {
    return this.#lookUps.scanDatabase(database, cursor, count, visit);
  }

  /**
   * Visits the names that have sessions, each with its oldest session and the number of its sessions. A name keeps its
   * place as long as it has sessions. So a scan that starts at 0 and continues until this returns 0 visits every name
   * that has sessions throughout the scan exactly once.
   * @param cursor 0, or what the previous call returned.
   * @param count The number of places to look at, 1 or more.
   * @returns The cursor for the next call, or 0 at the end.
   */
  scanNames(cursor: number, count: number, visit: (oldest: Session, sessions: number) => void): number {
    return this.#lookUps.scanNames(cursor, count, visit);
  }

  /**
   * Starts a walk through the live sessions with a name, oldest first.
   * @param name Must not change until the walk is over.
   * @param from Where to start: the `place` of an earlier walk. Default: at the oldest session.
   */
  walk(name: Slice, from?: Place): NameWalk {
    return this.#lookUps.walk(name, from);
  }

  // Life of a session

  /** @throws SessionError ERR if the name is empty or longer than 512 bytes. */
  static checkName(name: Slice): void {
    checkName(name);
  }

  /**
   * Creates a session.
   * @param unseen A prepared session to make visible. Its data is used instead of the data in the settings. If `create`
   *   throws, the prepared session stays unseen.
   * @throws SessionError SESSIONEXISTS if the token is in use, or if `settings.shared` is set and the name already has
   *   a shared session; ERR if the name is empty or longer than 512 bytes, or the given token is malformed; OOM if
   *   there is no memory.
   * @throws RangeError if a setting is out of range, or there are already 2^27 sessions and old tokens.
   */
  create(name: Slice, settings: NewSession = {}, unseen?: UnseenSession): Session {
    return this.#creation.create(name, settings, unseen);
  }

  /**
   * Starts a session whose data is assembled before the session becomes visible. The caller passes it to `create`, or
   * discards it.
   */
  prepare(): UnseenSession {
    return this.#unseen.prepare();
  }

  /** Ends a session. When this returns, the session and its data are gone. */
  end(session: Session): void {
    this.#ending.end(session, 'ended');
  }

  /** Ends a session because another one takes its place. */
  replace(session: Session): void {
    this.#ending.end(session, 'replaced');
  }

  /**
   * Returns a function that ends a session, for callers that may end very many. Each session is gone when the function
   * returns. The first few are ended as with `end`. For the rest, events are published and memory is freed later, in
   * slices, as after `endAll`.
   */
  endingMany(event: 'ended' | 'limit' = 'ended'): (session: Session) => void {
    return this.#ending.endingMany(event);
  }

  /** Ends the sessions with a name, oldest first, as `endingMany` does. Returns how many there were. */
  endName(name: Slice): number {
    return this.#nameEnding.allNow(name);
  }

  /** Like `endName`, but if there are more than 64, ends none and returns undefined: `endingName` is for those. */
  endFew(name: Slice): number | undefined {
    return this.#nameEnding.few(name);
  }

  /**
   * Like `endName`, in steps of a fraction of a millisecond. The engine may be used between steps. Sessions that are
   * created meanwhile are not ended.
   */
  endingName(name: Slice): Generator<void, number> {
    return this.#nameEnding.all(name);
  }

  /** Ends the sessions with a name that have one of the public ids, in steps like `endingName`. */
  endingById(name: Slice, ids: PublicIdSet): Generator<void, number> {
    return this.#nameEnding.byId(name, ids);
  }

  /** Returns the number of sessions with a name. Some of them may be due. */
  countOf(name: Slice): number {
    return this.#names.count(name);
  }

  /** Ends the oldest sessions with a name until `limit` are left, in steps like `endingName`. */
  limiting(name: Slice, limit: number): Generator<void> {
    return this.#nameEnding.beyond(name, limit);
  }

  /**
   * Ends every session. Returns how many it ended, not counting those that a deadline had already ended. All are gone
   * when this returns. If there are many, events are published and memory is freed afterwards, in slices, and with
   * `recordsEachEnd` they are recorded only then: see `finishingEnds`.
   */
  endAll(): number {
    return this.#ending.endAll(this.#totals.all());
  }

  /**
   * With `recordsEachEnd`, removes in steps like `endingName` what `endAll` has ended, so that all of it is recorded
   * when this is over. Otherwise does nothing: it is recorded already.
   */
  *finishingEnds(): Generator<void, void> {
    if (!this.#recordsEachEnd) return;
    while (this.#doomed.sessions > 0) {
      for (let i = 0; i < ENDS_PER_STEP; i++) this.#doomed.endOne();
      yield;
    }
  }

  /**
   * Gives a session a new duration in ms, which starts now. With 0, the session has no duration.
   * @param deleteSession Whether expiry removes the session or only its data. If left out, this does not change.
   * @throws RangeError if the duration is not from 0 to `MAX_DURATION`.
   */
  setDuration(session: Session, duration: number, deleteSession?: boolean): void {
    checkTime('duration', duration, MAX_DURATION);
    const flags = this.#slots.flags(session);
    if (deleteSession === true) this.#slots.setFlags(session, flags | Flag.DeleteSession);
    if (deleteSession === false) this.#slots.setFlags(session, flags & ~Flag.DeleteSession);
    this.#slots.setDuration(session, duration);
    this.#slots.change(session);
    this.#deadlines.start(session);
    this.#listeners.changes?.onChanged(session);
  }

  /** Records that a session is used now, for eviction and `idleTime`. */
  use(session: Session): void {
    this.#slots.use(session, this.#deadlines.now);
  }

  /** Records that a session is used now, and restarts its running duration. Returns false if none is running. */
  touch(session: Session): boolean {
    this.#slots.use(session, this.#deadlines.now);
    const extended = this.#deadlines.extend(session);
    if (extended) this.#listeners.changes?.onExtended(session);
    return extended;
  }

  /**
   * Gives a session a new random token. Without `grace`, every old token stops working at once. Otherwise the current
   * token leads to the session for another `grace` ms. A session has at most `MAX_OLD_TOKENS` old tokens: beyond that,
   * the one whose grace period ends first stops working at once.
   * @throws SessionError ERR for a shared session, whose token is derived from its name.
   */
  rotate(session: Session, grace = 0): void {
    this.#tokens.rotate(session, grace);
  }

  /**
   * Gives a shared session a new name, and therefore a new token. The old token stops working at once.
   * @throws SessionError NOTSHARED if the session is not shared; SESSIONEXISTS if the name already has a shared
   *   session; ERR if the name is empty or longer than 512 bytes.
   */
  rename(session: Session, name: Slice): void {
    this.#tokens.rename(session, name);
  }

  // Memory

  /**
   * Sets how many bytes of `memory` the sessions may take, and what happens when they take more. With `noeviction`,
   * `makeRoom` returns false. The other policies end sessions until the limit is met: approximately those that are due
   * first (`volatile-ttl`) or have been unused for longest (`allsessions-lru`).
   */
  limitMemory(maxBytes: number, policy: EvictionPolicy): void {
    this.#evictor.limit(maxBytes, policy);
  }

  /**
   * Evicts sessions until the limit is met, for at most 1 ms (10 ms if the limit is far exceeded). The rest follows
   * after the waiting requests have been served. Call this before an operation that may take memory.
   * @returns false if the limit is exceeded and no session may be evicted.
   */
  makeRoom(): boolean {
    return this.#evictor.makeRoom();
  }

  /**
   * Until `release`, sessions change only by operations: none expires, nor any key, and none is evicted. Only what was
   * due by the time of the current operation still expires when it is looked up, because nobody may read it. Work in
   * slices should wait (`isHeld`).
   */
  hold(): void {
    this.#deadlines.hold();
    this.#parts.keyDeadlines.hold();
    this.#evictor.hold();
  }

  /** Ends `hold`. What has become due meanwhile expires soon. */
  release(): void {
    this.#deadlines.release();
    this.#parts.keyDeadlines.release();
    this.#evictor.release();
  }

  /** Whether `hold` has been called, and not yet `release`. */
  get isHeld(): boolean {
    return this.#deadlines.isHeld;
  }

  /**
   * Evicts sessions until there is room for `bytes` more. For a caller that is about to take much memory at once.
   * @returns Whether there is room. A promise of that if so many sessions must be evicted that it takes several slices.
   */
  makeRoomFor(bytes: number): boolean | Promise<boolean> {
    return this.#evictor.makeRoomFor(bytes);
  }

  /**
   * Bytes of memory that the sessions take, including overhead and doomed sessions. Memory reserved for later sessions
   * does not count.
   */
  get memory(): number {
    return this.#memory.total;
  }

  /** Returns what `memory` is the sum of, in bytes, and the memory of the arenas for names, keys and values. */
  memoryParts(): MemoryParts {
    return this.#memory.byPart();
  }

  /** Returns the bytes of memory that the session takes, without its name. */
  memoryOf(session: Session): number {
    return this.#memory.of(session);
  }

  // Looking at a session: never extends it

  token(session: Session): string {
    return this.tokenBytes(session).latin1();
  }

  /** Returns the token's 22 characters, valid until the next call to any engine. Copy them to keep them. */
  tokenBytes(session: Session): Slice {
    return this.#tokens.bytes(session);
  }

  /**
   * Returns the session's public id: 11 characters of base64url, which identify it among the sessions with its name and
   * open nothing. It stays the same when the session is rotated.
   */
  id(session: Session): string {
    return this.#ids.of(session);
  }

  /** Returns the public ids of some sessions. */
  ids(sessions: readonly Session[]): string[] {
    return this.#ids.ofAll(sessions);
  }

  /** Returns the session's public id if it no longer follows from the token, because the session was rotated. */
  keptId(session: Session): string | undefined {
    return (this.#slots.flags(session) & Flag.KeptId) === 0 ? undefined : this.id(session);
  }

  /** The number of tokens derived from names. Each costs an HMAC. */
  get derivations(): number {
    return this.#derived.derivations;
  }

  /**
   * Whether the session is a shared one whose token nobody has asked for or presented. Asking for the token changes
   * that.
   */
  isTokenless(session: Session): boolean {
    return this.#tokens.isTokenless(session);
  }

  name(session: Session): Buffer {
    return this.#names.sliceOf(session).copy();
  }

  /** Returns the name, valid until the next call. Copy it to keep it. */
  nameBytes(session: Session): Slice {
    return this.#names.sliceOf(session);
  }

  /** Returns the name as a string with one character per byte ("latin1"). */
  nameText(session: Session): string {
    return this.#names.sliceOf(session).latin1();
  }

  /** Returns what the session is as a key of Redis. */
  kindOf(session: Session): Kind {
    return kindOf(this.#slots.flags(session));
  }

  /** Whether the session is a string. Tests one flag; `kindOf` tests up to three. */
  isString(session: Session): boolean {
    return (this.#slots.flags(session) & Flag.String) !== 0;
  }

  isShared(session: Session): boolean {
    return (this.#slots.flags(session) & Flag.Shared) !== 0;
  }

  /** Returns how long ago the session's data was last used, in ms, to a tenth of a second. */
  idleTime(session: Session): number {
    return Math.max(0, this.#deadlines.now - this.#slots.lastUsed(session));
  }

  /**
   * Returns when the session's data was last used, in unix ms to a tenth of a second. Returns -1 for a session that was
   * restored and has not been used since.
   */
  lastUsed(session: Session): number {
    const at = this.#slots.lastUsed(session);
    // The time of use is rounded down, which must not put it before the creation.
    return at === 0 ? -1 : Math.max(this.#unixTime.of(at), Math.floor(this.created(session)));
  }

  /** Returns the milliseconds until the deadline, more than 0, or Infinity if there is none. */
  timeLeft(session: Session): number {
    return this.#deadlines.left(session);
  }

  /** Whether the session or one of its keys is due as of the current operation. So the engine itself is changing it. */
  isDue(session: Session): boolean {
    const { dueBy } = this.#deadlines;
    return this.#deadlines.deadline(session) <= dueBy || this.#parts.keyDeadlines.earliest(session) <= dueBy;
  }

  /** Returns the milliseconds until a key is due, more than 0; Infinity if it has no deadline or does not exist. */
  keyTimeLeft(session: Session, key: Slice): number {
    return this.data.keyDeadline(session, key) - this.#deadlines.now;
  }

  /** Returns when a key is due, as an integer in unix ms; Infinity if it has no deadline or does not exist. */
  unixKeyDeadline(session: Session, key: Slice): number {
    const deadline = this.data.keyDeadline(session, key);
    return deadline === Infinity ? Infinity : this.#unixTime.of(deadline);
  }

  /** Returns when the session is due, as an integer in unix ms, or Infinity if it never is. */
  unixDeadline(session: Session): number {
    const deadline = this.deadline(session);
    return deadline === Infinity ? Infinity : this.#unixTime.of(deadline);
  }

  /** The time of the current operation, in ms on the engine's clock. */
  get now(): number {
    return this.#deadlines.now;
  }

  /** Returns a time in unix ms as ms on the engine's clock, which may be negative. */
  instantOf(unix: number): number {
    return this.#unixTime.instantOf(unix);
  }

  /**
   * Returns the ms from now until a time in unix ms, negative if that time is past. Also sets the time of the operation
   * to now.
   */
  timeUntil(unix: number): number {
    return this.#unixTime.instantOf(unix) - this.#deadlines.begin();
  }

  /** Returns a number that changes whenever the session's data, settings or token change, and when it ends. */
  version(session: Session): number {
    return this.#slots.version(session);
  }

  /** Returns when the session was created, in unix ms with a fraction. */
  created(session: Session): number {
    return this.#slots.created[session];
  }

  /** Returns the session's duration in ms, or 0 if it has none. */
  duration(session: Session): number {
    return this.#slots.duration(session);
  }

  /** Returns when the session is due, by its duration or MAXAGE, in ms on the clock, or Infinity if it never is. */
  deadline(session: Session): number {
    return this.#deadlines.deadline(session);
  }

  /** Returns what must be kept to restore a session, besides its token, name and data. */
  state(session: Session): SessionState {
    const slots = this.#slots;
    const flags = slots.flags(session);
    return {
      shared: (flags & Flag.Shared) !== 0,
      kind: kindOf(flags),
      deleteSession: (flags & Flag.DeleteSession) !== 0,
      extendGet: (flags & Flag.ExtendGet) !== 0,
      extendSet: (flags & Flag.ExtendSet) !== 0,
      duration: slots.duration(session),
      deadline: (flags & Flag.Running) !== 0 ? this.#deadlines.deadline(session) : Infinity,
      maxAgeMs: slots.maxAge(session),
      maxAgeEnd: slots.maxAgeEnd(session),
      created: slots.created[session],
    };
  }

  /** Starts restoring sessions. Nothing else may use the engine until `Restoration.finish` is called. */
  restore(): Restoration {
    return new Restoration(this.#parts);
  }

  /** Returns when an old token stops leading to its session, in ms on the clock, or 0 if it leads to none. */
  graceEnd(old: Slice): number {
    return this.#tokens.graceEnd(old);
  }

  /** Visits the old tokens that still lead to a session, with the end of each grace period in ms on the clock. */
  forEachOldToken(session: Session, visit: (token: Slice, until: number) => void): void {
    this.#tokens.forEachOld(session, visit);
  }

  info(session: Session): SessionInfo {
    const { shared, deleteSession, duration, maxAgeMs, created, extendGet, extendSet } = this.state(session);
    return {
      name: this.name(session),
      keys: this.data.count(session),
      shared,
      extend: extendOf(extendGet, extendSet),
      duration,
      deleteSession,
      maxAgeMs,
      timeLeft: this.timeLeft(session),
      created: Math.floor(created),
      bytes: this.data.size(session),
      encoding: this.data.encoding(session),
    };
  }

  /**
   * A number that grows by at least one with each change to a session's data, settings or token, and with each session
   * that is created or ends. Reading or extending a session does not change it.
   */
  get changes(): number {
    return this.#slots.changes;
  }

  /** Every session's slot is below this number. `scan` goes through these slots. */
  get slots(): number {
    return this.#slots.used;
  }

  /** The number of sessions. A session that is due counts until the wheel or a command processes its deadline. */
  get size(): number {
    return this.#totals.sessions;
  }

  /** The databases from 1 on that have keys, in order. */
  get databases(): number[] {
    return this.#names.databases.numbers;
  }

  /** Returns the number of sessions of one database, as `scanDatabase` visits them. Those that are due count. */
  sizeOf(database: number): number {
    const { databases } = this.#names;
    return database === 0 ? this.size - databases.size : databases.count(database);
  }

  /**
   * Returns the cursor at which `scanDatabase` visits the key that `rank` keys of its database, from 1 on, come before.
   */
  placeOf(database: number, rank: number): number {
    return Math.max(0, this.#names.databases.at(database, rank));
  }

  /** The number of doomed sessions: ended for every caller, but not removed yet. */
  get doomed(): number {
    return this.#doomed.sessions;
  }

  stats(): EngineStats {
    const { sessions, keys, bytes, timers } = this.#totals.all();
    return {
      sessions,
      keys,
      bytes,
      names: this.#names.live,
      created: this.#creation.created,
      ended: this.#ending.ended,
      expired: this.#ending.expired,
      cleared: this.#ending.cleared,
      keysExpired: this.#keyExpiry.expired,
      timedKeys: this.#parts.keyDeadlines.keys,
      sessionsWithTimedKeys: this.#parts.keyDeadlines.sessions,
      evicted: this.#ending.evicted,
      rotated: this.#tokens.rotated,
      extended: this.#deadlines.extended,
      tickMs: this.#deadlines.tickMs,
      wheelSlots: this.#deadlines.wheelSlots,
      pending: timers,
      lateP99: this.lateness.recent(this.#clock.now()).p99,
      found: this.#lookUps.found,
      missed: this.#lookUps.missed,
    };
  }

  /**
   * Adds timers to counts, by when they will fire: the deadlines of sessions, and those of old tokens in their grace
   * period. Sessions that have ended with very many others count until they are removed. For counting in steps, pass
   * the same `now`, and the timers from 0 on. A step of 16,384 timers takes a fraction of a millisecond.
   * @param now The time of the count, in ms on the engine's clock.
   * @returns Whether there are timers from `to` on.
   */
  countTimers(now: number, counts: TimerCounts, from: number, to: number): boolean {
    return this.#deadlines.countAhead(now, counts, from, to);
  }

  /** Returns the wheel slot that the wheel's hand points to at `now` (ms on the engine's clock). */
  wheelHand(now: number): number {
    return this.#deadlines.handAt(now);
  }

  /** How late expiries were. Resetting it changes nothing but its summaries. */
  get lateness(): Lateness {
    return this.#deadlines.lateness;
  }
}
