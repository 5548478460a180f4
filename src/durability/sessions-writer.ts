import { type Clock, NO_SESSION, type Session, type SessionEngine } from '../engine/index.js';
import { TimeSlices } from '../engine/time/time-slices.js';
import type { RecordSink } from '../journal/index.js';
import { Slice } from '../slice.js';
import { slotsByAge } from './by-age.js';
import { PIECE_SIZES, SessionPieces } from './session-pieces.js';
import type { WallTime } from './wall-time.js';

/** The number of slots to visit before the time is checked. */
const SLOTS = 16;

/** Gathers records in memory. When `isFull`, call `write`, which writes them to the disk. */
interface Gathering {
  readonly isFull: boolean;
  readonly records: RecordSink;
  write(): Promise<void>;
}

/** How sessions are written. */
interface SessionWriting {
  /** Writes a complete session. */
  whole(session: Session): void;
  /** Writes a session without its keys and values. Returns the token in its records, which the caller may keep. */
  head(session: Session): Slice;
  /** Called when a session is completely written. */
  done?(session: Session): void;
  /** Returns whether a session is written at all. Default: every session is. */
  takes?(session: Session): boolean;
  /** Whether sessions are written too that have ended, if the journal does not say so yet. Default false. */
  readonly withRecorded?: boolean;
  /** The clock of the records. */
  readonly wall: WallTime;
  /** Whether changes to a session become records too while it is written in pieces. */
  readonly isForwarding: boolean;
}

/** Writes sessions, large ones in pieces. Works in slices, between which clients are served. */
export class SessionsWriter {
  readonly #engine: SessionEngine;
  readonly #to: Gathering;
  readonly #writing: SessionWriting;
  readonly #slices: TimeSlices;
  /** Whether the session visited last is large. */
  #isLarge = false;

  constructor(engine: SessionEngine, clock: Clock, to: Gathering, writing: SessionWriting) {
    this.#engine = engine;
    this.#to = to;
    this.#writing = writing;
    this.#slices = new TimeSlices(clock);
  }

  /** Writes every session that exists throughout. */
  async writeAll(): Promise<void> {
    const engine = this.#engine;
    let cursor = 0;
    const large: Session[] = [];
    do {
      do {
        cursor = this.#scan(cursor, SLOTS, (session) => {
          if (engine.data.size(session) > PIECE_SIZES.large) large.push(session);
          else this.#writeWhole(session);
        });
      } while (cursor !== 0 && !this.#to.isFull && !this.#slices.isOver && large.length === 0);
      for (const slot of large.splice(0)) await this.#writeSlot(slot);
      await this.#rest();
    } while (cursor !== 0);
  }

  /** Like `writeAll`, but the oldest sessions first. */
  async writeByAge(): Promise<void> {
    const engine = this.#engine;
    const write = (session: Session) => {
      this.#isLarge = engine.data.size(session) > PIECE_SIZES.large;
      if (!this.#isLarge) this.#writeWhole(session);
    };
    let looked = 0;
    for (const slot of await slotsByAge(engine, this.#slices)) {
      this.#isLarge = false;
      engine.scan(slot, 1, write);
      if (this.#isLarge) await this.#writeSlot(slot as Session);
      if (this.#to.isFull || (++looked % SLOTS === 0 && this.#slices.isOver)) await this.#rest();
    }
  }

  /** Writes the sessions of some tokens, except for those that have ended by then. */
  async writeThose(tokens: readonly Buffer[]): Promise<void> {
    for (const token of tokens) {
      const session = this.#engine.find(Slice.of(token));
      if (session !== NO_SESSION) await this.#writeSlot(session);
      if (this.#to.isFull || this.#slices.isOver) await this.#rest();
    }
  }

  /** Writes the session that is in a slot now, if there is one. */
  async #writeSlot(slot: Session): Promise<void> {
    let isThere = true;
    while (isThere) {
      let pieces: SessionPieces | undefined;
      this.#scan(slot, 1, (session) => {
        pieces = this.#begin(session);
      });
      isThere = pieces !== undefined && (await this.#writePieces(slot, pieces));
    }
  }

  #scan(cursor: number, count: number, visit: (session: Session) => void): number {
    const engine = this.#engine;
    if (this.#writing.withRecorded) return engine.scanRecorded(cursor, count, visit);
    return engine.scan(cursor, count, visit);
  }

  /** Writes a small session completely, but only the head of a large one. Returns the pieces of a large one. */
  #begin(session: Session): SessionPieces | undefined {
    const engine = this.#engine;
    if (engine.data.size(session) <= PIECE_SIZES.large) {
      this.#writeWhole(session);
      return undefined;
    }
    const { takes, wall, isForwarding } = this.#writing;
    if (takes?.(session) === false) return undefined;
    const address = this.#writing.head(session);
    return new SessionPieces(engine, session, this.#to.records, address, PIECE_SIZES, wall, isForwarding);
  }

  #writeWhole(session: Session): void {
    if (this.#writing.takes?.(session) === false) return;
    this.#writing.whole(session);
    this.#writing.done?.(session);
  }

  /** Returns whether the slot has a new session, which has to be written from the start. */
  async #writePieces(session: Session, pieces: SessionPieces): Promise<boolean> {
    const stop = this.#engine.listen(pieces);
    try {
      while (pieces.next()) if (this.#to.isFull || this.#slices.isOver) await this.#rest();
      if (pieces.isWhole) this.#writing.done?.(session);
      return pieces.isBegunAgain;
    } finally {
      stop();
    }
  }

  async #rest(): Promise<void> {
    if (this.#to.isFull) await this.#to.write();
    await this.#slices.next();
  }
}
