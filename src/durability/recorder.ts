import { type ChangeListener, newToken, type Session, type SessionEngine, type SessionState } from '../engine/index.js';
import { column, longer, resized } from '../engine/memory/column.js';
import type { RecordSink } from '../journal/index.js';
import type { Slice } from '../slice.js';
import { addressOf, settingsOf, writeHead, writeOldTokens, writeRevealed, writeSession } from './session-records.js';
import { NEVER, type WallTime } from './wall-time.js';

/** By how much of its duration a sliding session's deadline is written ahead. */
const AHEAD = 0.1;
/** By how much at least, in ms. */
const AHEAD_AT_LEAST = 1000;
/** So many slots the column can grow to where it is. */
const RESERVED_SLOTS = 2 ** 25;

/** A session that is put together: what the records about it know it by, and where they go. */
export interface Prepared {
  readonly token: Slice;
  readonly records: RecordSink;
}

/**
 * Appends what happens to sessions to the journal.
 *
 * **Deadlines are written ahead**, so that reads that extend a session do not become writes: what is written is the deadline
 * and a tenth of the duration (a second at least) on top, and it is written again only when less than half of that is left. So after a
 * crash no session ends earlier than it would have, and none later than by that much. Where nothing extends a session its
 * deadline is written as it is.
 */
export class Recorder implements ChangeListener {
  readonly #engine: () => SessionEngine;
  readonly #journal: () => RecordSink;
  readonly #wall: WallTime;
  /** By slot, the deadline that was written last, in ms on the clock; Infinity if none runs, 0 if nothing was written. */
  #written = column(Float64Array, 1024, RESERVED_SLOTS);
  /** Whether extensions are recorded. While the disk fails they would gather without end, with nobody to refuse them. */
  recordsExtensions = true;
  #missesExtensions = false;
  /** By slot, the tokens of sessions that are put together. */
  readonly #prepared = new Map<Session, Slice>();
  /** While a base is written: a bit for each slot that was in use when it was begun, set when a session is created there. */
  #created: Uint32Array | undefined;
  #slotsThen = 0;

  /**
   * @param engine Whose sessions they are; asked for at the first change. @param journal Where their changes go.
   * @param wall The journal's time.
   */
  constructor(engine: () => SessionEngine, journal: () => RecordSink, wall: WallTime) {
    this.#engine = engine;
    this.#journal = journal;
    this.#wall = wall;
  }

  /**
   * Records that a session is begun that is put together piece by piece, in this slot; its creation will complete it. No base may be begun meanwhile:
   * it would not have the pieces.
   */
  prepare(slot: Session): Prepared {
    const prepared = { token: newToken(), records: this.#journal() };
    this.#prepared.set(slot, prepared.token);
    prepared.records.append('PREPARED', { token: prepared.token });
    return prepared;
  }

  /** What was prepared in a slot is given up. */
  discard(slot: Session): void {
    const token = this.#prepared.get(slot);
    if (token === undefined) return;
    this.#prepared.delete(slot);
    this.#journal().append('GONE', { token });
  }

  onCreated(session: Session): void {
    if (this.#created !== undefined && session < this.#slotsThen) this.#created[session >>> 5] |= 1 << (session & 31);
    this.#keep(session, deadlineAhead(this.#engine().state(session)));
    const prepared = this.#prepared.size === 0 ? undefined : this.#prepared.get(session);
    if (prepared === undefined) {
      this.writeTo(this.#journal(), session);
      return;
    }
    this.#prepared.delete(session);
    writeRevealed(this.#journal(), this.#engine(), prepared, session, this.#keptDeadline(session), this.#wall);
  }

  onSet(session: Session, key: Slice, value: Slice): void {
    this.#journal().appendSet(addressOf(this.#engine(), session), key, value);
  }

  onWritten(session: Session, key: Slice, offset: number, bytes: Slice, lengthBefore: number): void {
    const token = addressOf(this.#engine(), session);
    if (offset === 0 && bytes.length >= lengthBefore) this.#journal().appendSet(token, key, bytes);
    else this.#journal().append('WRITE', { token, key, offset, lengthBefore, bytes });
  }

  onDeleted(session: Session, key: Slice): void {
    this.#journal().beginAbout('DEL', addressOf(this.#engine(), session), 1);
    this.#journal().item(key);
  }

  onEmptied(session: Session): void {
    this.#journal().beginAbout('CLEAR', addressOf(this.#engine(), session), 0);
  }

  onChanged(session: Session): void {
    const state = this.#engine().state(session);
    const wall = this.#wall;
    const deadline = this.#keep(session, deadlineAhead(state));
    this.#journal().append('SETTINGS', {
      ...this.#tokenOf(session),
      ...settingsOf(state, wall.ofClock(deadline), wall),
    });
  }

  /** Whether sessions have been extended that the journal does not know of. */
  get missesExtensions(): boolean {
    return this.#missesExtensions;
  }

  /** Records extensions that were missed, of sessions from a slot on. Returns where to go on, 0 when all are recorded. */
  recordMissed(cursor: number, count: number): number {
    const engine = this.#engine();
    const next = engine.scan(cursor, count, (session) => {
      // Only reads extend while writes are refused.
      const { extendGet, deadline } = engine.state(session);
      if (extendGet && deadline < Infinity && deadline > this.#writtenFor(session)) this.#recordDeadline(session);
    });
    if (next === 0) this.#missesExtensions = false;
    return next;
  }

  onExtended(session: Session): void {
    const engine = this.#engine();
    const deadline = engine.deadline(session);
    const ahead = aheadOf(engine.duration(session));
    if (deadline + ahead / 2 <= this.#writtenFor(session)) return;
    if (this.recordsExtensions) this.#recordDeadline(session);
    else this.#missesExtensions = true;
  }

  onRotated(session: Session, old: Slice): void {
    const engine = this.#engine();
    const until = engine.graceEnd(old);
    const graceEnd = until === 0 ? NEVER : this.#wall.ofClock(until);
    this.#journal().append('ROTATED', { token: old, newToken: engine.tokenBytes(session), graceEnd });
  }

  onEnded(session: Session): void {
    this.#journal().beginAbout('GONE', addressOf(this.#engine(), session), 0);
  }

  onEndedAll(): void {
    this.#journal().append('FLUSH', {});
  }

  /**
   * A base is begun. What is created from now on is in the increment as a whole, and must not be in the base as well: there it could bear a token that a
   * session had which was written before and has been given another one since.
   */
  beginBase(): void {
    this.#slotsThen = this.#engine().slots;
    this.#created = new Uint32Array((this.#slotsThen >>> 5) + 1);
  }

  /** The base is complete, or given up. */
  endBase(): void {
    this.#created = undefined;
  }

  /** Whether a session was created since the base was begun. */
  isNew(session: Session): boolean {
    if (this.#created === undefined) return false;
    return session >= this.#slotsThen || (this.#created[session >>> 5] & (1 << (session & 31))) !== 0;
  }

  /** Writes a session as a whole, with the deadline that the journal has for it, or a later one. */
  writeTo(sink: RecordSink, session: Session): void {
    const engine = this.#engine();
    writeSession(sink, engine, session, this.#keptDeadline(session), this.#wall);
    writeOldTokens(sink, engine, session, this.#wall);
  }

  /** As `writeTo`, but for the session's data. Returns what the records about it know it by, which is the caller's. */
  writeHeadTo(sink: RecordSink, session: Session): Slice {
    const engine = this.#engine();
    const token = writeHead(sink, engine, session, this.#keptDeadline(session), this.#wall);
    writeOldTokens(sink, engine, session, this.#wall);
    return token;
  }

  /** The deadline that the journal has for a session, or a later one, in unix ms. */
  #keptDeadline(session: Session): number {
    const deadline = this.#engine().state(session).deadline;
    if (deadline === Infinity) return NEVER;
    // What was read from the journal, and has not been extended since, ends as it was read.
    return this.#wall.ofClock(this.#keep(session, Math.max(deadline, this.#writtenFor(session))));
  }

  #recordDeadline(session: Session): void {
    const engine = this.#engine();
    const written = this.#keep(session, engine.deadline(session) + aheadOf(engine.duration(session)));
    this.#journal().append('DEADLINE', {
      ...this.#tokenOf(session),
      deadline: this.#wall.ofClock(written),
    });
  }

  #tokenOf(session: Session): { token: Slice } {
    return { token: addressOf(this.#engine(), session) };
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
