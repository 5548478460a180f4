import { type ChangeListener, newToken, type Session, type SessionEngine, type SessionState } from '../engine/index.js';
import { column, longer, resized } from '../engine/memory/column.js';
import type { RecordSink } from '../journal/index.js';
import type { Slice } from '../slice.js';
import { addressOf, settingsOf, writeHead, writeOldTokens, writeRevealed, writeSession } from './session-records.js';
import { NEVER, type WallTime } from './wall-time.js';

/** The fraction of the session's duration by which its deadline is written ahead. */
const AHEAD = 0.1;
/** The least time by which a deadline is written ahead, in ms. */
const AHEAD_AT_LEAST = 1000;
/** How many slots the column can grow to in place. */
const RESERVED_SLOTS = 2 ** 25;

/** A session that is built piece by piece: the token in its records, and where they are written. */
export interface Prepared {
  readonly token: Slice;
  readonly records: RecordSink;
  /** Records when a key is due, in ms on the engine's clock. */
  setKeyDeadline(key: Slice, deadline: number): void;
}

/**
 * Appends all changes of sessions to the journal.
 *
 * **Deadlines are written ahead**, so that reads that extend a session do not become writes. The deadline is written
 * with a tenth of the duration (at least a second) added, and written again only when less than half of that is left.
 * So after a crash no session ends earlier than it would have, and none later by more than what was added. If nothing
 * extends a session, its exact deadline is written.
 */
export class Recorder implements ChangeListener {
  readonly #engine: SessionEngine;
  readonly #journal: () => RecordSink;
  /** The journal's clock. */
  readonly wall: WallTime;
  /**
   * By slot, the deadline written last, in ms of the engine's clock; Infinity if there is none, 0 if nothing was
   * written.
   */
  #written = column(Float64Array, 1024, RESERVED_SLOTS);
  /**
   * Whether extensions are recorded. While the disk fails they would pile up without limit, because reads are not
   * refused.
   */
  recordsExtensions = true;
  #missesExtensions = false;
  /** By slot, the tokens of sessions that are being built piece by piece. */
  readonly #prepared = new Map<Session, Slice>();
  /**
   * While a base is being written: a bit for each slot that was in use when it began, set when a session is created in
   * the slot.
   */
  #created: Uint32Array | undefined;
  /** How many slots there were when the base began. */
  #slotsThen = 0;

  /**
   * @param engine The engine of the sessions.
   * @param journal Returns where changes are appended.
   * @param wall The journal's clock.
   */
  constructor(engine: SessionEngine, journal: () => RecordSink, wall: WallTime) {
    this.#engine = engine;
    this.#journal = journal;
    this.wall = wall;
  }

  /**
   * Records the beginning of a session that is built piece by piece in this slot. Its creation will complete it. No
   * base may begin meanwhile, because the base would lack the pieces.
   */
  prepare(slot: Session): Prepared {
    const token = newToken();
    const records = this.#journal();
    this.#prepared.set(slot, token);
    records.append('PREPARED', { token });
    const setKeyDeadline = (key: Slice, deadline: number) =>
      records.append('KEYDEADLINE', { token, key, deadline: this.wall.ofClock(deadline) });
    return { token, records, setKeyDeadline };
  }

  /** Discards what was prepared in a slot. */
  discard(slot: Session): void {
    const token = this.#prepared.get(slot);
    if (token === undefined) return;
    this.#prepared.delete(slot);
    this.#journal().append('GONE', { token });
  }

  onCreated(session: Session): void {
    if (this.#created !== undefined && session < this.#slotsThen) this.#created[session >>> 5] |= 1 << (session & 31);
    this.#keep(session, deadlineAhead(this.#engine.state(session)));
    const prepared = this.#prepared.size === 0 ? undefined : this.#prepared.get(session);
    if (prepared === undefined) {
      this.writeTo(this.#journal(), session);
      return;
    }
    this.#prepared.delete(session);
    writeRevealed(this.#journal(), this.#engine, prepared, session, this.#keptDeadline(session), this.wall);
  }

  onSet(session: Session, key: Slice, value: Slice): void {
    this.#journal().appendSet(addressOf(this.#engine, session), key, value);
  }

  onWritten(session: Session, key: Slice, offset: number, bytes: Slice, lengthBefore: number): void {
    const isWhole = offset === 0 && bytes.length >= lengthBefore;
    const keepsDeadline = this.#engine.data.keyDeadline(session, key) < Infinity;
    const token = addressOf(this.#engine, session);
    if (isWhole && !keepsDeadline) this.#journal().appendSet(token, key, bytes);
    else this.#journal().append('WRITE', { token, key, offset, lengthBefore, bytes });
  }

  onKeyDeadline(session: Session, key: Slice, deadline: number): void {
    const token = addressOf(this.#engine, session);
    this.#journal().append('KEYDEADLINE', { token, key, deadline: this.wall.ofClock(deadline) });
  }

  onDeleted(session: Session, key: Slice): void {
    this.#journal().beginAbout('DEL', addressOf(this.#engine, session), 1);
    this.#journal().item(key);
  }

  onEmptied(session: Session): void {
    this.#journal().beginAbout('CLEAR', addressOf(this.#engine, session), 0);
  }

  onChanged(session: Session): void {
    const state = this.#engine.state(session);
    const wall = this.wall;
    const deadline = this.#keep(session, deadlineAhead(state));
    this.#journal().append('SETTINGS', {
      ...this.#tokenOf(session),
      ...settingsOf(state, wall.ofClock(deadline), wall),
    });
  }

  /** Whether there are extensions that the journal does not have. */
  get missesExtensions(): boolean {
    return this.#missesExtensions;
  }

  /**
   * Records missed extensions of up to `count` slots from `cursor` on. Returns where to continue, or 0 when all are
   * recorded.
   */
  recordMissed(cursor: number, count: number): number {
    const engine = this.#engine;
    const next = engine.scan(cursor, count, (session) => {
      // While writes are refused, only reads extend sessions.
      const { extendGet, deadline } = engine.state(session);
      if (extendGet && deadline < Infinity && deadline > this.#writtenFor(session)) this.#recordDeadline(session);
    });
    if (next === 0) this.#missesExtensions = false;
    return next;
  }

  onExtended(session: Session): void {
    const engine = this.#engine;
    const deadline = engine.deadline(session);
    const ahead = aheadOf(engine.duration(session));
    if (deadline + ahead / 2 <= this.#writtenFor(session)) return;
    if (this.recordsExtensions) this.#recordDeadline(session);
    else this.#missesExtensions = true;
  }

  onRotated(session: Session, old: Slice): void {
    const engine = this.#engine;
    const until = engine.graceEnd(old);
    const graceEnd = until === 0 ? NEVER : this.wall.ofClock(until);
    this.#journal().append('ROTATED', { token: old, newToken: engine.tokenBytes(session), graceEnd });
  }

  onEnded(session: Session): void {
    this.#journal().beginAbout('GONE', addressOf(this.#engine, session), 0);
  }

  onEndedAll(): void {
    this.#journal().append('FLUSH', {});
  }

  /**
   * Call this when a base begins. Sessions created from now on are completely in the increment. They must not be in the
   * base as well, where such a session could have a token that another session in the base had before it was rotated.
   */
  beginBase(): void {
    this.#slotsThen = this.#engine.slots;
    this.#created = new Uint32Array((this.#slotsThen >>> 5) + 1);
  }

  /** Call this when the base is complete or abandoned. */
  endBase(): void {
    this.#created = undefined;
  }

  /** Returns whether a session was created after the base began. */
  isNew(session: Session): boolean {
    if (this.#created === undefined) return false;
    return session >= this.#slotsThen || (this.#created[session >>> 5] & (1 << (session & 31))) !== 0;
  }

  /** Writes a complete session, with the deadline that the journal has for it or a later one. */
  writeTo(sink: RecordSink, session: Session): void {
    const engine = this.#engine;
    writeSession(sink, engine, session, this.#keptDeadline(session), this.wall);
    writeOldTokens(sink, engine, session, this.wall);
  }

  /** Like `writeTo`, but without the session's data. Returns a copy of the token in its records. */
  writeHeadTo(sink: RecordSink, session: Session): Slice {
    const engine = this.#engine;
    const token = writeHead(sink, engine, session, this.#keptDeadline(session), this.wall);
    writeOldTokens(sink, engine, session, this.wall);
    return token;
  }

  /** Returns the deadline that the journal has for a session, or a later one, in unix ms. */
  #keptDeadline(session: Session): number {
    const deadline = this.#engine.state(session).deadline;
    if (deadline === Infinity) return NEVER;
    // A session that was loaded from the journal and not extended since keeps the deadline that was loaded.
    return this.wall.ofClock(this.#keep(session, Math.max(deadline, this.#writtenFor(session))));
  }

  #recordDeadline(session: Session): void {
    const engine = this.#engine;
    const written = this.#keep(session, engine.deadline(session) + aheadOf(engine.duration(session)));
    this.#journal().append('DEADLINE', {
      ...this.#tokenOf(session),
      deadline: this.wall.ofClock(written),
    });
  }

  #tokenOf(session: Session): { token: Slice } {
    return { token: addressOf(this.#engine, session) };
  }

  #writtenFor(session: Session): number {
    return session < this.#written.length ? this.#written[session] : 0;
  }

  #keep(session: Session, deadline: number): number {
    if (session >= this.#written.length)
      this.#written = resized(this.#written, longer(this.#written.length, session + 1));
    this.#written[session] = deadline;
    return deadline;
  }
}

function deadlineAhead({ deadline, duration, extendGet, extendSet }: SessionState): number {
  return extendGet || extendSet ? deadline + aheadOf(duration) : deadline;
}

function aheadOf(duration: number): number {
  return Math.max(duration * AHEAD, AHEAD_AT_LEAST);
}
