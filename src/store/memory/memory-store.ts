import {
  type Clock,
  type EngineStats,
  NO_SESSION,
  PublicIdSet,
  type Session,
  type SessionEngine,
  type SessionInfo,
  TOKEN_LENGTH,
} from '../../engine/index.js';
import { forEachInSlices, type Runner } from '../../engine/time/in-slices.js';
import { Slice } from '../../slice.js';
import type { Answer } from '../answer.js';
import {
  type Fields,
  type Keys,
  type Listing,
  MANY_SESSIONS,
  type ScanPage,
  type ScanRange,
  type SessionPage,
  type SessionStore,
  type Settings,
  type Values,
} from '../session-store.js';
import { endEach } from './end-each.js';
import { findSession, sessionOf } from './find-session.js';
import { scanInTime } from './scan-in-time.js';
import { sessionPage } from './session-page.js';
import { FieldsView, KeysView, ValuesView } from './views.js';

/** How many sessions are visited between two readings of the clock. */
const BATCH = 64;

/**
 * Sessions in the memory of this process: the engine. It answers at once. Only operations on very many sessions may
 * answer later, if the runner does its work in slices.
 */
export class MemoryStore implements SessionStore {
  readonly #engine: SessionEngine;
  readonly #data: SessionEngine['data'];
  readonly #clock: Clock;
  readonly #run: Runner;
  readonly #fields: FieldsView;
  readonly #keys: KeysView;
  readonly #values: ValuesView;

  /** @param run Runs operations on very many sessions. */
  constructor(engine: SessionEngine, clock: Clock, run: Runner) {
    this.#engine = engine;
    this.#data = engine.data;
    this.#clock = clock;
    this.#run = run;
    this.#fields = new FieldsView(engine);
    this.#keys = new KeysView(engine);
    this.#values = new ValuesView(engine);
  }

  // Life

  create(name: Slice, settings: Settings): Answer<Slice> {
    const engine = this.#engine;
    const { limit } = settings;
    if (limit !== undefined && engine.countOf(name) > limit + MANY_SESSIONS)
      return this.#createFewer(name, settings, limit);
    return engine.tokenBytes(engine.create(name, settings));
  }

  /** Creates a session with a LIMIT that ends very many. */
  #createFewer(name: Slice, settings: Settings, limit: number): Answer<Slice> {
    const engine = this.#engine;
    const session = engine.create(name, { ...settings, limit: Infinity });
    const token = Slice.of(engine.tokenBytes(session).copy());
    const limiting = engine.limiting(Slice.of(name.copy()), limit);
    return this.#run(
      (function* () {
        yield* limiting;
        return token;
      })(),
    );
  }

  open(name: Slice): Slice {
    return this.#engine.tokenBytes(this.#engine.open(name));
  }

  end(token: Slice): boolean {
    const session = findSession(this.#engine, token);
    if (session === NO_SESSION) return false;
    this.#engine.end(session);
    return true;
  }

  endMany(tokens: readonly Slice[]): Answer<number> {
    return this.#run(endEach(this.#engine, tokens, findSession));
  }

  endName(name: Slice): Answer<number> {
    return this.#engine.endFew(name) ?? this.#run(this.#engine.endingName(Slice.of(name.copy())));
  }

  endByIds(name: Slice, ids: readonly Slice[]): Answer<number> {
    return this.#run(this.#endingByIds(name, ids));
  }

  *#endingByIds(name: Slice, ids: readonly Slice[]): Generator<void, number> {
    const set = new PublicIdSet();
    yield* forEachInSlices(ids, (id) => set.add(id));
    return yield* this.#engine.endingById(name, set);
  }

  endAll(): Answer<number> {
    return this.#run(this.#endingAll());
  }

  *#endingAll(): Generator<void, number> {
    const ended = this.#engine.endAll();
    yield* this.#engine.finishingEnds();
    return ended;
  }

  rotate(token: Slice, grace: number): Slice {
    const session = sessionOf(this.#engine, token);
    this.#engine.rotate(session, grace);
    return this.#engine.tokenBytes(session);
  }

  setDuration(token: Slice, duration: number, deleteSession: boolean | undefined): boolean {
    const session = findSession(this.#engine, token);
    if (session === NO_SESSION) return false;
    this.#engine.setDuration(session, duration, deleteSession);
    return true;
  }

  touch(tokens: readonly Slice[]): number {
    let touched = 0;
    for (const token of tokens) {
      const session = findSession(this.#engine, token);
      if (session !== NO_SESSION && this.#engine.touch(session)) touched++;
    }
    return touched;
  }

  // Looks

  has(tokens: readonly Slice[]): readonly boolean[] {
    return tokens.map((token) => findSession(this.#engine, token) !== NO_SESSION);
  }

  info(token: Slice): SessionInfo {
    return this.#engine.info(sessionOf(this.#engine, token));
  }

  timeLeft(token: Slice): number | undefined {
    const session = findSession(this.#engine, token);
    return session === NO_SESSION ? undefined : this.#engine.timeLeft(session);
  }

  id(token: Slice): string {
    return this.#engine.id(sessionOf(this.#engine, token));
  }

  tokens(name: Slice): Answer<Buffer> {
    return this.#run(this.#listingTokens(name));
  }

  *#listingTokens(name: Slice): Generator<void, Buffer> {
    const engine = this.#engine;
    const slots = engine.slotsOf(name);
    const tokens = Buffer.allocUnsafe(slots.length * TOKEN_LENGTH);
    let end = 0;
    const add = (session: Session) => {
      // By now the slot may hold another session.
      if (Slice.of(engine.name(session)).equals(name)) end = engine.tokenBytes(session).writeTo(tokens, end);
    };
    for (let i = 0; i < slots.length; i++) {
      if (i % BATCH === BATCH - 1) yield;
      // The session may have ended while others were served. A scan visits only live ones.
      engine.scan(slots[i], 1, add);
    }
    return tokens.subarray(0, end);
  }

  list(name: Slice, listing: Listing): Answer<SessionPage> {
    return this.#run(sessionPage(this.#engine, this.#clock, name, listing));
  }

  scan(range: ScanRange): ScanPage<{ token: Buffer; name: Buffer }> {
    const engine = this.#engine;
    const items: { token: Buffer; name: Buffer }[] = [];
    const visit = (session: Session) => {
      if (!range.matches(engine.nameText(session))) return;
      items.push({ token: engine.tokenBytes(session).copy(), name: engine.name(session) });
    };
    return { cursor: scanInTime(this.#clock, range, (cursor, count) => engine.scan(cursor, count, visit)), items };
  }

  scanNames(range: ScanRange): ScanPage<{ name: Buffer; sessions: number }> {
    const engine = this.#engine;
    const items: { name: Buffer; sessions: number }[] = [];
    const visit = (oldest: Session, sessions: number) => {
      if (range.matches(engine.nameText(oldest))) items.push({ name: engine.name(oldest), sessions });
    };
    return { cursor: scanInTime(this.#clock, range, (cursor, count) => engine.scanNames(cursor, count, visit)), items };
  }

  stats(): EngineStats {
    return this.#engine.stats();
  }

  // Fields

  get(token: Slice, key: Slice, isUse: boolean): Slice | undefined {
    const session = sessionOf(this.#engine, token);
    this.#data.countsAsUse = isUse;
    return this.#data.get(session, key);
  }

  getMany(token: Slice, keys: readonly Slice[], isUse: boolean): Values {
    const session = sessionOf(this.#engine, token);
    this.#data.countsAsUse = isUse;
    this.#data.read(session);
    return this.#values.of(session, keys);
  }

  getAll(token: Slice, isUse: boolean): Fields {
    const session = sessionOf(this.#engine, token);
    this.#data.countsAsUse = isUse;
    this.#data.read(session);
    return this.#fields.of(session);
  }

  contains(token: Slice, keys: readonly Slice[]): readonly boolean[] {
    const session = sessionOf(this.#engine, token);
    return keys.map((key) => this.#data.has(session, key));
  }

  count(token: Slice): number {
    return this.#data.count(sessionOf(this.#engine, token));
  }

  keys(token: Slice): Keys {
    return this.#keys.of(sessionOf(this.#engine, token));
  }

  keyTimesLeft(token: Slice, keys: readonly Slice[]): readonly (number | undefined)[] {
    const session = sessionOf(this.#engine, token);
    return keys.map((key) => (this.#data.has(session, key) ? this.#engine.keyTimeLeft(session, key) : undefined));
  }

  set(token: Slice, pairs: readonly Slice[], isUse: boolean): void {
    const session = sessionOf(this.#engine, token);
    this.#data.countsAsUse = isUse;
    this.#data.set(session, pairs);
  }

  setFor(token: Slice, duration: number, pairs: readonly Slice[], isUse: boolean): void {
    const session = sessionOf(this.#engine, token);
    this.#data.countsAsUse = isUse;
    this.#data.set(session, pairs);
    const deadline = this.#engine.now + duration;
    for (let i = 0; i < pairs.length; i += 2) this.#data.setKeyDeadline(session, pairs[i], deadline);
  }

  persistKeys(token: Slice, keys: readonly Slice[], isUse: boolean): number {
    const session = sessionOf(this.#engine, token);
    this.#data.countsAsUse = isUse;
    let persisted = 0;
    for (const key of keys) {
      if (this.#data.keyDeadline(session, key) === Infinity) continue;
      this.#data.setKeyDeadline(session, key, Infinity);
      persisted++;
    }
    return persisted;
  }

  add(token: Slice, pairs: readonly Slice[], isUse: boolean): number {
    const session = sessionOf(this.#engine, token);
    this.#data.countsAsUse = isUse;
    return this.#data.add(session, pairs);
  }

  compareAndSet(token: Slice, key: Slice, expected: Slice, value: Slice, isUse: boolean): boolean {
    const session = sessionOf(this.#engine, token);
    this.#data.countsAsUse = isUse;
    return this.#data.compareAndSet(session, key, expected, value);
  }

  append(token: Slice, key: Slice, value: Slice, isUse: boolean): number {
    const session = sessionOf(this.#engine, token);
    this.#data.countsAsUse = isUse;
    return this.#data.append(session, key, value);
  }

  increment(token: Slice, key: Slice, increment: bigint, isUse: boolean): bigint {
    const session = sessionOf(this.#engine, token);
    this.#data.countsAsUse = isUse;
    return this.#data.increment(session, key, increment);
  }

  update(token: Slice, key: Slice, change: (value: Slice | undefined) => Slice | undefined, isUse: boolean): void {
    const session = sessionOf(this.#engine, token);
    this.#data.countsAsUse = isUse;
    const value = change(this.#data.peekValue(session, key));
    if (value !== undefined) this.#data.setKeeping(session, [key, value]);
  }

  delete(token: Slice, keys: readonly Slice[], isUse: boolean): number {
    const session = sessionOf(this.#engine, token);
    this.#data.countsAsUse = isUse;
    return this.#data.delete(session, keys);
  }

  clear(token: Slice, isUse: boolean): number {
    const session = sessionOf(this.#engine, token);
    this.#data.countsAsUse = isUse;
    return this.#data.clear(session);
  }

  replace(token: Slice, pairs: readonly Slice[], isUse: boolean): number {
    const session = sessionOf(this.#engine, token);
    this.#data.countsAsUse = isUse;
    return this.#data.replace(session, pairs);
  }
}
