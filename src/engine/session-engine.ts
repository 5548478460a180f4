import { randomBytes } from 'node:crypto';
import { Slice } from '../slice.js';
import type { ChangeListener } from './change-listener.js';
import { ChangeListeners } from './change-listeners.js';
import { BYTES_AT_ONCE, Doomed, type Totals } from './ending/doomed.js';
import { type EvictionPolicy, Evictor } from './ending/evictor.js';
import type { SessionEngineOptions, SessionListener } from './engine-options.js';
import type { FieldStore } from './fields/field-store.js';
import { PackedFieldStore } from './fields/packed-field-store.js';
import { SessionData, STRING_KEY } from './fields/session-data.js';
import { Region } from './memory/region.js';
import { NameIndex } from './names/name-index.js';
import { NameWalk, type Place } from './names/name-walk.js';
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
  type MemoryParts,
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
import type { Lateness } from './time/lateness.js';
import { type TimerCounts, TimingWheel } from './time/timing-wheel.js';
import { UnixTime } from './time/unix-time.js';
import { DerivedTokens } from './tokens/derived-tokens.js';
import { OldTokens } from './tokens/old-tokens.js';
import { IDS_AT_ONCE, isPublicId, type PublicIdSet, PublicIds } from './tokens/public-ids.js';
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

const BAD_NAME = new SessionError('ERR', `a name must be 1 to ${MAX_NAME} bytes long`);
const NO_SESSION_WITH_NAME = new SessionError('NOSESSION', `${NO_SUCH_SESSION.message}: no session has this name`);
const SHARED_EXISTS = new SessionError('SESSIONEXISTS', 'a shared session with this name already exists');
const TOKEN_EXISTS = new SessionError('SESSIONEXISTS', 'a session with this token already exists');

const NOTHING: Totals = { sessions: 0, keys: 0, bytes: 0, timers: 0 };

/** The number of sessions of a name to look at in one step. */
const LOOKS = 64;

/**
 * If a session's data takes more bytes of memory than this, ending the session takes so long that reading the clock
 * afterwards adds little.
 */
const MUCH_DATA = 4096;

/** How long to wait, in ms, before freeing the memory of ended sessions: new sessions may need it. */
const TRIM_DELAY_MS = 1000;

/** Bytes of memory that each slot takes outside the slot table: timer, place in the field store. */
const BYTES_ELSEWHERE = TimingWheel.BYTES_PER_TIMER + 4;

/**
 * Keeps sessions: their tokens, names and data. Ends them on time.
 *
 * Every method that looks sessions up (`create`, `find`, `sessionsOf`, …) reads the clock. The operation happens at
 * that time, and sessions that are due by then have expired, however late the wheel is. So no caller sees data past its
 * deadline. A `Session` that such a method returns is valid for the rest of the operation, that is, until the caller
 * returns to the event loop.
 */
export class SessionEngine {
  /** The sessions' keys and values. */
  readonly data: SessionData;

  readonly #clock: Clock;
  readonly #derived: DerivedTokens;
  #listener: SessionListener | undefined;
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
  readonly #oldTokens: OldTokens;
  readonly #ids: PublicIds;
  readonly #evictor: Evictor;
  readonly #doomed: Doomed;
  /** Frees memory in slices: freeing a hundred megabytes takes 10 ms. */
  readonly #trimming: BackgroundWork;
  #created = 0;
  #ended = 0;
  #expired = 0;
  #cleared = 0;
  #evicted = 0;
  #rotated = 0;
  #found = 0;
  #missed = 0;

  readonly #endsAtOnce: number;
  readonly #words = new Uint32Array(TOKEN_WORDS);

  constructor(options: SessionEngineOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#endsAtOnce = options.endsAtOnce ?? 256;
    const secret = options.secret ?? randomBytes(32);
    const derived = new DerivedTokens(secret);
    const names = new NameIndex(this.#slots, derived.locator, (slot) => this.#endDoomed(slot));
    this.#derived = derived;
    this.#names = names;
    const derive = (slot: number, words: Uint32Array) => derived.derive(names.sliceOf(slot), words);
    this.#ids = new PublicIds(secret, this.#slots, derive);
    this.#tokens = new TokenIndex(this.#slots, {
      derive,
      candidates: (words) => names.sharedByHash(derived.locatorIn(words)),
    });
    this.#listener = options.listener;
    this.#onFault = options.onFault ?? ((fault) => process.emitWarning(fault instanceof Error ? fault : String(fault)));
    const clock = this.#clock;
    this.#unixTime = new UnixTime(clock);
    this.#creationTimes = new CreationTimes(clock);
    const { onCycle } = options;
    const instant = options.instant ?? (() => clock.now());
    this.#deadlines = new Deadlines(
      this.#slots,
      clock,
      instant,
      (slot, deadline) => this.#expire(slot, deadline),
      (slot) => this.#fields.memoryOf(slot) > MUCH_DATA,
      onCycle && ((ms) => onCycle('expire-cycle', ms)),
    );
    this.#oldTokens = new OldTokens(this.#slots, this.#tokens, this.#deadlines);
    this.#doomed = new Doomed({
      slots: this.#slots,
      clock,
      atOnce: this.#endsAtOnce,
      end: (slot) => this.#endDoomed(slot),
      isBehind: () => this.#listener?.isBehind?.() ?? false,
    });
    this.#evictor = new Evictor(this.#slots, this.#deadlines, this.#clock, this, (ms) =>
      onCycle?.('eviction-cycle', ms),
    );
    this.#trimming = new BackgroundWork(clock, () => this.#trim());
    const maxValueBytes = options.maxValueBytes ?? 64 * 1024 * 1024;
    this.data = new SessionData(this.#slots, this.#fields, this.#deadlines, maxValueBytes);
    if (options.changes !== undefined) this.listen(options.changes);
  }

  /**
   * Sets the listener for events, if it needs the engine and so cannot be passed to the constructor. There can be only
   * one.
   * @throws Error if there is one already.
   */
  attach(listener: SessionListener): void {
    if (this.#listener !== undefined) throw new Error('the engine has a listener already');
    this.#listener = listener;
  }

  /** Notifies a listener of every change from now on. Returns a function that stops this. */
  listen(listener: ChangeListener): () => void {
    this.#setListeners([...this.#changeListeners, listener]);
    return () => this.#setListeners(this.#changeListeners.filter((other) => other !== listener));
  }

  #setListeners(listeners: readonly ChangeListener[]): void {
    this.#changeListeners = listeners;
    this.#changes = listeners.length < 2 ? listeners[0] : new ChangeListeners(listeners);
    this.data.changes = this.#changes;
  }

  /** Stops all background work: the wheel, the sweep of doomed sessions, eviction and trimming. */
  close(): void {
    this.#deadlines.stop();
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
    this.#deadlines.begin();
    return this.#counted(this.#sessionOf(token));
  }

  /** Returns the live shared session with the name, or NO_SESSION. */
  findShared(name: Slice): Session {
    this.#deadlines.begin();
    return this.#counted(this.#settled(this.#names.shared(name)));
  }

  /**
   * Returns the live shared session with the name, and gives it its token if it has none yet.
   * @throws SessionError NOTSHARED if the name's live sessions are all unshared; NOSESSION if it has none;
   *   SESSIONEXISTS if another session has the token.
   */
  open(name: Slice): Session {
    const session = this.findShared(name);
    if (session !== NO_SESSION) {
      if (!this.#giveToken(session)) throw TOKEN_EXISTS;
      return session;
    }
    if (!this.#hasSessions(name)) throw NO_SESSION_WITH_NAME;
    throw new SessionError('NOTSHARED', 'no session with this name is shared');
  }

  /** Returns the live sessions with the name, oldest first. */
  sessionsOf(name: Slice): Session[] {
    this.#deadlines.begin();
    return this.#sessionsOf(name);
  }

  /**
   * Returns the slots of the sessions with the name, oldest first. Faster than `sessionsOf`, because it does not check
   * deadlines. For callers that then visit the slots in slices, with `scan`: some sessions may be due, or may have
   * ended by then.
   */
  slotsOf(name: Slice): Int32Array {
    const slots = new Int32Array(this.#names.count(name));
    let count = 0;
    for (let slot = this.#names.oldest(name); slot !== NONE; slot = this.#slots.newer(slot)) slots[count++] = slot;
    return slots;
  }

  /**
   * Visits live sessions in the order of their slots. A session keeps its slot for life. So a scan that starts at 0 and
   * continues until this returns 0 visits every session that lives throughout the scan exactly once.
   * @param cursor 0, or what the previous call returned.
   * @param count The number of slots to look at, 1 or more.
   * @returns The cursor for the next call, or 0 at the end.
   */
  scan(cursor: number, count: number, visit: (session: Session) => void): number {
    this.#deadlines.begin();
    const end = Math.min(cursor + count, this.#slots.used);
    for (let slot = cursor; slot < end; slot++) {
      if (this.#isLiveSession(slot)) visit(slot as Session);
    }
    return end < this.#slots.used ? end : 0;
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
    this.#deadlines.begin();
    const end = Math.min(cursor + count, this.#names.end);
    for (let id = cursor; id < end; id++) {
      const oldest = this.#oldestLive(id);
      if (oldest !== NO_SESSION) visit(oldest, this.#names.countLike(oldest));
    }
    return end < this.#names.end ? end : 0;
  }

  /**
   * Starts a walk through the live sessions with a name, oldest first.
   * @param name Must not change until the walk is over.
   * @param from Where to start: the `place` of an earlier walk. Default: at the oldest session.
   */
  walk(name: Slice, from?: Place): NameWalk {
    return new NameWalk({ slots: this.#slots, names: this.#names, deadlines: this.#deadlines }, name, from);
  }

  // Life of a session

  /** @throws SessionError ERR if the name is empty or longer than 512 bytes. */
  static checkName(name: Slice): void {
    if (name.length === 0 || name.length > MAX_NAME) throw BAD_NAME;
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
    const { duration = 0, deleteSession = true, shared = false, extend = 'none', maxAgeMs = 0 } = settings;
    const { maxAgeEnd = Infinity, limit = Infinity, string, copyOf, id } = settings;
    const isString = copyOf === undefined ? string !== undefined : this.isString(copyOf);
    const tokenless = shared === 'tokenless';
    SessionEngine.checkName(name);
    checkTime('duration', duration, MAX_DURATION);
    checkTime('maxAgeMs', maxAgeMs, MAX_SECONDS * 1000);
    if (maxAgeMs % 1000 !== 0) throw new RangeError('maxAgeMs must be a whole number of seconds');
    if (id !== undefined && !isPublicId(id)) throw new RangeError('not a public id');
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
      (isString ? Flag.String : 0);
    const session = unseen === undefined ? (slots.allocate(flags) as Session) : this.#unseen.reveal(unseen, flags);
    slots.created[session] = this.#creationTimes.next();
    slots.use(session, now);
    slots.setDuration(session, duration);
    if (maxAgeMs > 0) slots.setMaxAge(session, maxAgeMs, Math.min(now + maxAgeMs, maxAgeEnd));
    if (unseen === undefined) this.#fillNew(session, settings);
    this.#names.add(name, session, shared !== false);
    if (tokenless) {
      this.#tokens.addTokenless(session);
    } else {
      slots.setToken(session, this.#words);
      this.#tokens.add(session);
    }
    if (id !== undefined) this.#ids.restore(session, id);
    this.#created++;
    this.#deadlines.start(session);
    this.#changes?.onCreated(session);
    this.#notify('new', session);
    this.#enforceLimit(name, limit);
    return session;
  }

  /** Sets the first data of a new session. If there is no memory for it, the session is not created. */
  #fillNew(session: Session, { data = [], string, copyOf }: NewSession): void {
    try {
      if (copyOf === undefined) this.#fields.fill(session, string === undefined ? data : [STRING_KEY, string]);
      else this.#fields.copy(copyOf, session);
    } catch (error) {
      this.#fields.clear(session);
      this.#slots.release(session);
      throw error;
    }
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
    this.#end(session, 'ended');
  }

  /** Ends a session because another one takes its place. */
  replace(session: Session): void {
    this.#end(session, 'replaced');
  }

  /**
   * Returns a function that ends a session, for callers that may end very many. Each session is gone when the function
   * returns. The first few are ended as with `end`. For the rest, events are published and memory is freed later, in
   * slices, as after `endAll`.
   */
  endingMany(event: 'ended' | 'limit' = 'ended'): (session: Session) => void {
    let left = this.#endsAtOnce;
    let bytes = BYTES_AT_ONCE;
    return (session) => {
      if (left <= 0 || bytes <= 0) {
        this.#doom(session, event);
        return;
      }
      left--;
      bytes -= this.#fields.size(session);
      this.#end(session, event);
    };
  }

  /** Ends the sessions with a name, as `endingMany` does. Returns how many there were. */
  endName(name: Slice): number {
    return finish(this.endingName(name));
  }

  /**
   * Like `endName`, oldest session first, in steps of a fraction of a millisecond. The engine may be used between
   * steps. Sessions that are created meanwhile are not ended.
   */
  endingName(name: Slice): Generator<void, number> {
    return this.#endOldest(name, 0, 'ended');
  }

  /** Ends the sessions with a name that have one of the public ids, in steps like `endingName`. */
  *endingById(name: Slice, ids: PublicIdSet): Generator<void, number> {
    const end = this.endingMany();
    const walk = this.walk(name);
    const looked: Session[] = [];
    let ended = 0;
    for (let isMore = !ids.isEmpty; isMore; ) {
      looked.length = 0;
      isMore = walk.step(IDS_AT_ONCE, (session) => looked.push(session) > 0);
      this.#ids.forEachIn(ids, looked, (slot) => {
        end(slot as Session);
        ended++;
      });
      if (isMore) yield;
    }
    return ended;
  }

  /** Returns the number of sessions with a name. Some of them may be due. */
  countOf(name: Slice): number {
    return this.#names.count(name);
  }

  /** Ends the oldest sessions with a name until `limit` are left, in steps like `endingName`. */
  *limiting(name: Slice, limit: number): Generator<void> {
    yield* this.#endOldest(name, limit + this.#endsAtOnce, 'limit');
    this.#enforceLimit(name, limit);
  }

  /**
   * Ends every session. Returns how many it ended, not counting those that a deadline had already ended. All are gone
   * when this returns. If there are many, events are published and memory is freed afterwards, in slices.
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

  /**
   * Counts the sessions that a deadline has ended by `now` (ms) but that were not processed yet: by their duration, and
   * by MAXAGE.
   */
  #countDue(now: number): { expired: number; maxage: number } {
    const slots = this.#slots;
    let expired = 0;
    let maxage = 0;
    this.#deadlines.forEachDue((slot, deadline) => {
      if (!slots.isSession(slot)) return;
      if (this.#endAt(slot, deadline) === 'expired') expired++;
      else if (slots.maxAgeEnd(slot) <= now) maxage++;
    });
    return { expired, maxage };
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
    this.#changes?.onChanged(session);
  }

  /** Records that a session is used now, for eviction and `idleTime`. */
  use(session: Session): void {
    this.#slots.use(session, this.#deadlines.now);
  }

  /** Records that a session is used now, and restarts its running duration. Returns false if none is running. */
  touch(session: Session): boolean {
    this.#slots.use(session, this.#deadlines.now);
    const extended = this.#deadlines.extend(session);
    if (extended) this.#changes?.onExtended(session);
    return extended;
  }

  /**
   * Gives a session a new random token. Without `grace`, every old token stops working at once. Otherwise the current
   * token leads to the session for another `grace` ms. A session has at most `MAX_OLD_TOKENS` old tokens: beyond that,
   * the one whose grace period ends first stops working at once.
   * @throws SessionError ERR for a shared session, whose token is derived from its name.
   */
  rotate(session: Session, grace = 0): void {
    const slots = this.#slots;
    if (this.isShared(session)) {
      throw new SessionError('ERR', 'the token of a shared session is derived from its name, so it cannot be rotated');
    }
    const old = Slice.of(this.tokenBytes(session).copy());
    this.#ids.keep(session);
    parseToken(old, this.#words);
    this.#tokens.remove(session);
    if (grace > 0) this.#oldTokens.add(session, this.#words, this.#deadlines.now + grace);
    else this.#oldTokens.removeAll(session);
    randomToken(this.#words);
    slots.setToken(session, this.#words);
    slots.change(session);
    this.#tokens.add(session);
    this.#rotated++;
    this.#changes?.onRotated(session, old);
    this.#notify('rotated', session);
  }

  /**
   * Gives a shared session a new name, and therefore a new token. The old token stops working at once.
   * @throws SessionError NOTSHARED if the session is not shared; SESSIONEXISTS if the name already has a shared
   *   session; ERR if the name is empty or longer than 512 bytes.
   */
  rename(session: Session, name: Slice): void {
    if (!this.isShared(session)) throw new SessionError('NOTSHARED', 'only a shared session can be renamed');
    SessionEngine.checkName(name);
    if (this.#settled(this.#names.shared(name)) !== NO_SESSION) throw SHARED_EXISTS;
    this.#changes?.onEnded(session);
    this.#tokens.remove(session);
    this.#names.remove(session);
    this.#names.addByAge(name, session, true);
    this.#tokens.addTokenless(session);
    this.#slots.change(session);
    this.#changes?.onCreated(session);
    this.#notify('renamed', session);
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
   * Evicts sessions until there is room for `bytes` more. For a caller that is about to take much memory at once.
   * @returns Whether there is room. A promise of that if so many sessions must be evicted that it takes several slices.
   */
  makeRoomFor(bytes: number): boolean | Promise<boolean> {
    return this.#evictor.makeRoomFor(bytes);
  }

  /** Whether the sessions' data is nearly at the limit of what can be addressed. */
  get isFull(): boolean {
    return this.#fields.isFull;
  }

  /** Frees some of the data that was removed. Returns whether there may be more. */
  reclaim(): boolean {
    return this.#fields.reclaim();
  }

  /** Ends a session to free memory. */
  evict(session: Session): void {
    this.#end(session, 'evicted');
  }

  /** Removes a doomed session to free memory. Returns false if there is none. */
  endDoomed(): boolean {
    return this.#doomed.endOne();
  }

  /**
   * Bytes of memory that the sessions take, including overhead and doomed sessions. Memory reserved for later sessions
   * does not count.
   */
  get memory(): number {
    const index = this.#tokens.size * TokenIndex.BYTES_PER_ENTRY;
    return this.#slotMemory() + index + this.#fields.memory + this.#names.memory;
  }

  /** Returns what `memory` is the sum of, in bytes, and the memory of the arenas for names, keys and values. */
  memoryParts(): MemoryParts {
    const arenas = [this.#names.arena, ...this.#fields.arenas];
    return {
      slots: this.#slotMemory(),
      tokens: this.#tokens.size * TokenIndex.BYTES_PER_ENTRY,
      names: this.#names.memory,
      data: this.#fields.memory,
      arenas: {
        used: arenas.reduce((sum, { used }) => sum + used, 0),
        reserved: arenas.reduce((sum, { reserved }) => sum + reserved, 0),
      },
    };
  }

  /** Returns the bytes of memory that the session takes, without its name. */
  memoryOf(session: Session): number {
    const index = this.isTokenless(session) ? 0 : TokenIndex.BYTES_PER_ENTRY;
    return this.#slots.memoryOf(session) + BYTES_ELSEWHERE + index + this.#fields.memoryOf(session);
  }

  // Looking at a session: never extends it

  token(session: Session): string {
    return this.tokenBytes(session).latin1();
  }

  /** Returns the token's 22 characters, valid until the next call to any engine. Copy them to keep them. */
  tokenBytes(session: Session): Slice {
    if (!this.#giveToken(session)) {
      this.#derived.derive(this.#names.sliceOf(session), this.#words);
      return formatToken(this.#words);
    }
    return formatToken(this.#slots.token, session * TOKEN_WORDS);
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
    return (this.#slots.flags(session) & Flag.Tokenless) !== 0;
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

  /** Whether the session is a string: one value and no keys. */
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

  /** Returns when the session is due, as an integer in unix ms, or Infinity if it never is. */
  unixDeadline(session: Session): number {
    const deadline = this.deadline(session);
    return deadline === Infinity ? Infinity : this.#unixTime.of(deadline);
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
      isString: (flags & Flag.String) !== 0,
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
    return new Restoration({
      slots: this.#slots,
      tokens: this.#tokens,
      names: this.#names,
      fields: this.#fields,
      deadlines: this.#deadlines,
      oldTokens: this.#oldTokens,
      ids: this.#ids,
    });
  }

  /** Returns when an old token stops leading to its session, in ms on the clock, or 0 if it leads to none. */
  graceEnd(old: Slice): number {
    if (!parseToken(old, this.#words)) return 0;
    const slot = this.#tokens.findGiven(this.#words);
    return slot !== NONE && (this.#slots.flags(slot) & Flag.OldToken) !== 0 ? this.#deadlines.deadline(slot) : 0;
  }

  /** Visits the old tokens that still lead to a session, with the end of each grace period in ms on the clock. */
  forEachOldToken(session: Session, visit: (token: Slice, until: number) => void): void {
    this.#oldTokens.forEach(session, (old) =>
      visit(formatToken(this.#slots.token, old * TOKEN_WORDS), this.#deadlines.deadline(old)),
    );
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
    return this.#slots.taken - this.#oldTokens.count - this.#doomed.sessions - this.#unseen.count;
  }

  /** The number of doomed sessions: ended for every caller, but not removed yet. */
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
      rotated: this.#rotated,
      extended: this.#deadlines.extended,
      tickMs: this.#deadlines.tickMs,
      wheelSlots: this.#deadlines.wheelSlots,
      pending: this.#deadlines.pending - this.#doomed.timers,
      lateP99: this.lateness.recent(this.#clock.now()).p99,
      found: this.#found,
      missed: this.#missed,
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

  /** Returns the bytes of memory that the slots in use take. */
  #slotMemory(): number {
    return this.#slots.memory + this.#slots.taken * BYTES_ELSEWHERE;
  }

  /** Makes sure that a session has a token. Returns false if another session has the token derived for it. */
  #giveToken(session: Session): boolean {
    if (!this.isTokenless(session) || this.#tokens.give(session)) return true;
    this.#derived.derive(this.#names.sliceOf(session), this.#words);
    // The session that has the token may be due.
    if (this.#settled(this.#tokens.findGiven(this.#words)) !== NO_SESSION) return false;
    return this.#tokens.give(session);
  }

  /** Returns the live session with a token, or NO_SESSION. */
  #sessionOf(token: Slice): Session {
    if (!parseToken(token, this.#words)) return NO_SESSION;
    const slot = this.#tokens.find(this.#words);
    const session = this.#settled(slot);
    if (session !== NO_SESSION || slot === NONE) return session;
    // The session with the token has just ended. If a shared session's derived token is the same, the token leads to
    // the shared session now. While the end is being published, the look-up still finds the session that ended.
    parseToken(token, this.#words);
    const other = this.#tokens.find(this.#words);
    return other === slot ? NO_SESSION : this.#settled(other);
  }

  /** Returns the live session of a slot that a look-up found, or NO_SESSION. An old token leads to its session. */
  #settled(slot: number): Session {
    if (slot === NONE) return NO_SESSION;
    if (this.#slots.isDoomed(slot)) {
      this.#endDoomed((this.#slots.flags(slot) & Flag.OldToken) === 0 ? slot : this.#slots.owner(slot));
      return NO_SESSION;
    }
    if (!this.#deadlines.settle(slot)) return NO_SESSION;
    if ((this.#slots.flags(slot) & Flag.OldToken) === 0) return slot as Session;
    return this.#settled(this.#slots.owner(slot));
  }

  /**
   * Sets `#words` to the token of a new session.
   * @throws SessionError SESSIONEXISTS if it is in use; ERR if the given token is malformed.
   */
  #takeToken(name: Slice, settings: NewSession): void {
    const { shared, token } = settings;
    if (shared) {
      this.#derived.derive(name, this.#words);
    } else if (token === undefined) {
      randomToken(this.#words);
      return;
    } else if (!parseToken(token, this.#words)) {
      throw new SessionError(
        'ERR',
        'a token must be 128 bits in base64url: 22 characters, of which the last is A, Q, g or w',
      );
    }
    // For a shared session, only entered tokens matter: a token that is not entered yet is derived from another name.
    const slot = shared ? this.#tokens.findGiven(this.#words) : this.#tokens.find(this.#words);
    if (slot === NONE) return;
    if (this.#settled(slot) !== NO_SESSION) throw shared ? SHARED_EXISTS : TOKEN_EXISTS;
    // The session with the token has just ended. Check again: the listener may have looked up sessions, and a look-up
    // can give the token to another one.
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

  /** Returns the oldest live session of the name with an id, or NO_SESSION. */
  #oldestLive(id: number): Session {
    for (let slot = this.#names.oldestOf(id); slot !== NONE; ) {
      const newer = this.#slots.newer(slot);
      if (this.#isLiveSession(slot)) return slot as Session;
      slot = newer;
    }
    return NO_SESSION;
  }

  #hasSessions(name: Slice): boolean {
    for (let slot = this.#names.oldest(name); slot !== NONE; ) {
      const newer = this.#slots.newer(slot);
      if (this.#isLiveSession(slot)) return true;
      slot = newer;
    }
    return false;
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
    const count = this.#names.count(name);
    if (count <= limit) return;
    // Sessions that are due do not count, so they are processed first. If nothing is due at all, this need not look at
    // all sessions with the name.
    if (count <= LOOKS || this.#deadlines.isAnyDue) this.#sessionsOf(name);
    finish(this.#endOldest(name, limit, 'limit'));
  }

  /** Ends the oldest of the sessions that a name has now, until `left` remain. Returns how many it ended. */
  *#endOldest(name: Slice, left: number, event: 'ended' | 'limit'): Generator<void, number> {
    this.#deadlines.begin();
    const end = this.endingMany(event);
    const newest = this.#names.newest(name);
    let ended = 0;
    for (let looks = this.#names.count(name); looks > 0 && this.#names.count(name) > left; looks--) {
      const slot = this.#names.oldest(name);
      if (this.#isLiveSession(slot)) {
        end(slot as Session);
        ended++;
      }
      if (slot === newest) break;
      if (looks % LOOKS === 0) {
        yield;
        this.#deadlines.begin();
      }
    }
    return ended;
  }

  /** Processes a deadline (ms) that has come. Returns whether the slot still lives. */
  #expire(slot: number, deadline: number): boolean {
    const slots = this.#slots;
    if (slots.isDoomed(slot)) {
      this.#expireDoomed(slot, deadline);
      return false;
    }
    if ((slots.flags(slot) & Flag.OldToken) !== 0) {
      this.#oldTokens.remove(slot);
      return false;
    }
    const session = slot as Session;
    const end = this.#endAt(slot, deadline);
    if (end !== undefined) {
      this.#end(session, end);
      return false;
    }
    this.#clear(session);
    this.#deadlines.set(slot, slots.maxAgeEnd(slot));
    this.#changes?.onEmptied(session);
    this.#changes?.onChanged(session);
    // The deadline of MAXAGE may have come, too.
    return this.#deadlines.settle(slot);
  }

  /** Returns how a session ends at a deadline (ms) that has come, or undefined if it does not end. */
  #endAt(slot: number, deadline: number): 'maxage' | 'expired' | undefined {
    const slots = this.#slots;
    if (deadline >= slots.maxAgeEnd(slot)) return 'maxage';
    return (slots.flags(slot) & Flag.DeleteSession) !== 0 ? 'expired' : undefined;
  }

  /** Removes a session's data at its deadline. */
  #clear(session: Session): void {
    const slots = this.#slots;
    this.#cleared++;
    this.#deadlines.cancel(session);
    this.#notify('cleared', session);
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

  /** Ends a session for every caller. The sweep publishes its event and frees its memory later. */
  #doom(session: Session, event: 'ended' | 'limit'): void {
    if (this.isShared(session) && this.#names.countLike(session) > 1) {
      // Its end must be published before the name gets another shared session. The name index ensures that only if the
      // name has no other session.
      this.#end(session, event);
      return;
    }
    const slots = this.#slots;
    this.#ended++;
    this.#changes?.onEnded(session);
    const totals = this.#totalsOf(session);
    this.#names.doom(session);
    this.#oldTokens.forEach(session, (old) => slots.doom(old));
    slots.change(session);
    if (event === 'limit') slots.setFlags(session, slots.flags(session) | Flag.OverLimit);
    slots.doom(session);
    this.#doomed.add(totals);
  }

  #remove(session: Session, event: SessionEnd): void {
    // A listener that looks sessions up must not find this one due again.
    this.#deadlines.cancel(session);
    this.#notify(event, session);
    this.#oldTokens.removeAll(session);
    this.#fields.clear(session);
    this.#deadlines.cancel(session);
    this.#tokens.remove(session);
    this.#names.remove(session);
    this.#slots.release(session);
    this.#trimming.schedule(TRIM_DELAY_MS);
  }

  /** Notifies the listener. Its faults stop neither this operation nor later ones. */
  #notify(event: SessionEvent, session: Session): void {
    try {
      this.#listener?.onSession(event, session);
    } catch (fault) {
      this.#onFault(fault);
    }
  }

  /** Processes a deadline (ms), which has come, of a doomed session or of one of its old tokens. */
  #expireDoomed(slot: number, deadline: number): void {
    this.#doomed.subtract({ ...NOTHING, timers: 1 });
    if ((this.#slots.flags(slot) & Flag.OldToken) !== 0) this.#oldTokens.remove(slot);
    else this.#endDoomed(slot, deadline);
  }

  /**
   * Removes a doomed session. Its end was counted and recorded when it was doomed. If its deadline had come by then,
   * the event is `expired` or `maxage`, or `cleared` comes before it.
   * @param deadline In ms.
   */
  #endDoomed(slot: number, deadline = this.#deadlines.deadline(slot)): void {
    const session = slot as Session;
    const slots = this.#slots;
    // The listener may look the session up, which calls this again.
    if ((slots.flags(slot) & Flag.Ending) !== 0) return;
    slots.setFlags(slot, slots.flags(slot) | Flag.Ending);
    const totals = this.#totalsOf(session);
    const at = this.#doomed.endOf(slot);
    const due = deadline <= at ? this.#endAt(slot, deadline) : endOfDoomed(slots.flags(slot));
    const end = due ?? (slots.maxAgeEnd(slot) <= at ? 'maxage' : 'ended');
    if (due === undefined) this.#clear(session);
    this.#remove(session, end);
    this.#doomed.subtract(totals);
  }

  #totalsOf(session: Session): Totals {
    let timers = this.#deadlines.deadline(session) < Infinity ? 1 : 0;
    this.#oldTokens.forEach(session, () => timers++);
    return { sessions: 1, keys: this.#fields.count(session), bytes: this.#fields.size(session), timers };
  }

  /**
   * Frees some of the memory of ended sessions. Is a step of `BackgroundWork`: returns the delay before the next one,
   * in ms.
   */
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

function endOfDoomed(flags: number): 'ended' | 'limit' {
  return (flags & Flag.OverLimit) === 0 ? 'ended' : 'limit';
}

/** Runs all steps at once. Returns the result. */
function finish<Result>(steps: Generator<void, Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
