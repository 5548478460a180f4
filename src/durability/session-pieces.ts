import type { ChangeListener, Session, SessionEngine } from '../engine/index.js';
import type { RecordSink } from '../journal/index.js';
import { Slice } from '../slice.js';
import { settingsOf } from './session-records.js';
import { NEVER, type WallTime } from './wall-time.js';

/** How much is written at a time. */
export interface PieceSizes {
  /** A session with more bytes of data than this is written in pieces. */
  readonly large: number;
  /** Bytes of a value that are written at a time. */
  readonly piece: number;
  /** Keys that are visited at a time. */
  readonly keys: number;
}

export const PIECE_SIZES: PieceSizes = { large: 1024 * 1024, piece: 128 * 1024, keys: 64 };

/** A value that is being written, as far as `offset`. */
interface LargeValue {
  readonly key: Slice;
  offset: number;
  /** Bytes that it had when it was begun: what is beyond them has been recorded since. */
  readonly length: number;
  /** It has been written to since: the records have all that is beyond `offset` as well. */
  isTouched: boolean;
}

/**
 * Writes the data of one session piece by piece, while clients are served and may change it. Each piece has the data of the moment when it is written.
 *
 * - For a **base**, that is enough: every change since the base was begun is in the increment, which is replayed over it. A byte that
 *   did not change is as it was written; the others are written again by the increment.
 * - A **data set** has no increment. So the changes to the session are **forwarded**: they become records in the file, between the pieces, until the last
 *   piece is written. Together the records give the session as it is then. If the session ends earlier, its records end in GONE.
 */
export class SessionPieces implements ChangeListener {
  /** The session has come again in the same slot, under another token or name: it is to be written from its beginning. */
  isBegunAgain = false;
  readonly #engine: SessionEngine;
  readonly #session: Session;
  readonly #to: RecordSink;
  readonly #address: Slice;
  readonly #sizes: PieceSizes;
  readonly #wall: WallTime | undefined;
  /** Where to go on among the keys; undefined when all have been visited. */
  #cursor: number | undefined = 0;
  /** Keys whose values are too large to be written with others. */
  #waiting: Slice[] = [];
  #value: LargeValue | undefined;
  #isGone = false;

  /**
   * @param address What the records know the session by, whatever token it is given meanwhile.
   * @param wall If changes are to be forwarded: the time of their records.
   */
  constructor(
    engine: SessionEngine,
    session: Session,
    to: RecordSink,
    address: Slice,
    sizes: PieceSizes,
    wall: WallTime | undefined,
  ) {
    this.#engine = engine;
    this.#session = session;
    this.#to = to;
    this.#address = address;
    this.#sizes = sizes;
    this.#wall = wall;
  }

  /** Whether the session was there to the end. */
  get isWhole(): boolean {
    return !this.#isGone && this.#cursor === undefined && this.#value === undefined && this.#waiting.length === 0;
  }

  /** Writes the next piece. Returns false if there is none any more. */
  next(): boolean {
    if (this.#isGone) return false;
    while (this.#value === undefined && this.#waiting.length > 0) this.#begin(this.#waiting.pop() as Slice);
    if (this.#value !== undefined) this.#writePart(this.#value);
    else if (this.#cursor === undefined) return false;
    else this.#writeKeys(this.#cursor);
    return true;
  }

  #writeKeys(cursor: number): void {
    const { data } = this.#engine;
    const { piece, keys } = this.#sizes;
    // Those that have been found together are one piece.
    const most = Math.ceil(piece / keys);
    const next = data.peekSome(this.#session, cursor, keys, (key, length) => {
      const value = length <= most ? data.peekPart(this.#session, key, 0, length) : undefined;
      if (value === undefined) this.#waiting.push(Slice.of(key.copy()));
      else this.#to.appendSet(this.#address, key, value);
    });
    this.#cursor = next === 0 ? undefined : next;
  }

  #begin(key: Slice): void {
    const { data } = this.#engine;
    // It may be gone by now.
    if (!data.has(this.#session, key)) return;
    this.#value = { key, offset: 0, length: data.peekLength(this.#session, key), isTouched: false };
  }

  #writePart(value: LargeValue): void {
    const { data } = this.#engine;
    const { key, offset, isTouched } = value;
    const bytes = data.peekPart(this.#session, key, offset, Math.min(this.#sizes.piece, value.length - offset));
    if (bytes === undefined) {
      this.#value = undefined;
      return;
    }
    value.offset += bytes.length;
    // It may have become shorter; what it has beyond its first length was recorded when it was written.
    if (bytes.length === 0 || value.offset >= value.length) this.#value = undefined;
    const lengthBefore = isTouched ? data.peekLength(this.#session, key) : offset;
    if (bytes.length > 0 || offset === 0) {
      this.#to.append('WRITE', { token: this.#address, key, offset, lengthBefore, bytes });
    }
  }

  // What happens to the session meanwhile

  onCreated(session: Session): void {
    if (session === this.#session && this.#isGone) this.isBegunAgain = true;
  }

  onSet(session: Session, key: Slice, value: Slice): void {
    if (!this.#forwards(session)) return;
    this.#to.appendSet(this.#address, key, value);
    this.#forget(key);
  }

  onWritten(session: Session, key: Slice, offset: number, bytes: Slice, lengthBefore: number): void {
    if (!this.#forwards(session)) return;
    this.#to.append('WRITE', { token: this.#address, key, offset, lengthBefore, bytes });
    if (this.#value?.key.equals(key)) this.#value.isTouched = true;
  }

  onDeleted(session: Session, key: Slice): void {
    if (!this.#forwards(session)) return;
    this.#to.append('DEL', { token: this.#address }, [key]);
    this.#forget(key);
  }

  onEmptied(session: Session): void {
    if (!this.#forwards(session)) return;
    this.#to.append('CLEAR', { token: this.#address });
    this.#value = undefined;
  }

  onChanged(session: Session): void {
    if (!this.#forwards(session) || this.#wall === undefined) return;
    this.#to.append('SETTINGS', {
      token: this.#address,
      ...settingsOf(this.#engine.state(session), NEVER, this.#wall),
    });
  }

  onExtended(): void {}

  onRotated(session: Session): void {
    // The token that was written leads nowhere now, or not for long.
    if (!this.#forwards(session)) return;
    this.onEnded(session);
    this.isBegunAgain = true;
  }

  onEnded(session: Session): void {
    if (session !== this.#session || this.#isGone) return;
    if (this.#forwards(session)) this.#to.append('GONE', { token: this.#address });
    this.#isGone = true;
  }

  onEndedAll(): void {
    this.onEnded(this.#session);
  }

  #forwards(session: Session): boolean {
    return session === this.#session && this.#wall !== undefined && !this.#isGone;
  }

  /** What the records have as a whole need not be written any more. */
  #forget(key: Slice): void {
    if (this.#value?.key.equals(key)) this.#value = undefined;
  }
}
