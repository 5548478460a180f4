import type { ChangeListener, Session, SessionEngine } from '../engine/index.js';
import type { RecordSink } from '../journal/index.js';
import { Slice } from '../slice.js';
import { settingsOf } from './session-records.js';
import { NEVER, type WallTime } from './wall-time.js';

/** How much is written at once. */
interface PieceSizes {
  /** A session with more bytes of data than this is written in pieces. */
  readonly large: number;
  /** Bytes of a value that are written at once. */
  readonly piece: number;
  /** Keys that are visited at once. */
  readonly keys: number;
}

export const PIECE_SIZES: PieceSizes = { large: 1024 * 1024, piece: 128 * 1024, keys: 64 };

/** A value that is being written, of which `offset` bytes have been written. */
interface LargeValue {
  readonly key: Slice;
  offset: number;
  /** Its length when writing began, in bytes. Anything beyond that was recorded when a client wrote it. */
  readonly length: number;
  /** Whether a part of it was changed since then. Then the records also have what is beyond `offset`. */
  isTouched: boolean;
}

/**
 * Writes the data of one session piece by piece, while clients are served and may change it. Each piece has the data as
 * it is when the piece is written.
 *
 * - For a **base**, that is enough. Every change since the base began is in the increment, which is replayed over the
 *   base.
 * - A **data set** has no increment. So changes to the session are **forwarded**: they become records in the file,
 *   between the pieces, until the last piece is written. Together the records give the session as it is then. If the
 *   session ends earlier, its last record is GONE.
 */
export class SessionPieces implements ChangeListener {
  /** Whether the slot has a new session, under another token or name, which has to be written from the start. */
  isBegunAgain = false;
  readonly #engine: SessionEngine;
  readonly #session: Session;
  readonly #to: RecordSink;
  readonly #address: Slice;
  readonly #sizes: PieceSizes;
  readonly #wall: WallTime;
  readonly #isForwarding: boolean;
  /** Where to continue among the keys; undefined when all have been visited. */
  #cursor: number | undefined = 0;
  /** Keys whose values are too large to be written together with others. */
  #waiting: Slice[] = [];
  #value: LargeValue | undefined;
  #isGone = false;

  /**
   * @param address The token in the session's records, even if the session gets another token meanwhile.
   * @param wall The clock of the records.
   * @param isForwarding Whether changes to the session become records too.
   */
  constructor(
    engine: SessionEngine,
    session: Session,
    to: RecordSink,
    address: Slice,
    sizes: PieceSizes,
    wall: WallTime,
    isForwarding: boolean,
  ) {
    this.#engine = engine;
    this.#session = session;
    this.#to = to;
    this.#address = address;
    this.#sizes = sizes;
    this.#wall = wall;
    this.#isForwarding = isForwarding;
  }

  /** Whether the session was written completely. It was not if it ended before that. */
  get isWhole(): boolean {
    return !this.#isGone && this.#cursor === undefined && this.#value === undefined && this.#waiting.length === 0;
  }

  /** Writes the next piece. Returns false if there is none left. */
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
    // Values that are written together must not take more than a piece.
    const most = Math.ceil(piece / keys);
    const next = data.peekSome(this.#session, cursor, keys, (key, length) => {
      const value = length <= most ? data.peekPart(this.#session, key, 0, length) : undefined;
      if (value === undefined) {
        this.#waiting.push(Slice.of(key.copy()));
      } else {
        this.#to.appendSet(this.#address, key, value);
        this.#writeDeadline(key);
      }
    });
    this.#cursor = next === 0 ? undefined : next;
  }

  #begin(key: Slice): void {
    const { data } = this.#engine;
    // The key may be gone by now.
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
    // The value may be shorter now. Anything beyond its original length was recorded when a client wrote it.
    if (bytes.length === 0 || value.offset >= value.length) this.#value = undefined;
    const lengthBefore = isTouched ? data.peekLength(this.#session, key) : offset;
    if (bytes.length > 0 || offset === 0) {
      this.#to.append('WRITE', { token: this.#address, key, offset, lengthBefore, bytes });
    }
    if (offset === 0) this.#writeDeadline(key);
  }

  #writeDeadline(key: Slice): void {
    const deadline = this.#engine.data.keyDeadline(this.#session, key);
    if (deadline < Infinity) this.#appendDeadline(key, deadline);
  }

  #appendDeadline(key: Slice, deadline: number): void {
    this.#to.append('KEYDEADLINE', { token: this.#address, key, deadline: this.#wall.ofClock(deadline) });
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

  onKeyDeadline(session: Session, key: Slice, deadline: number): void {
    if (this.#forwards(session)) this.#appendDeadline(key, deadline);
  }

  onDeleted(session: Session, key: Slice): void {
    if (!this.#forwards(session)) return;
    this.#to.append('DEL', { token: this.#address }, [key]);
    this.#forget(key);
  }

  onEmptied(session: Session): void {
    if (!this.#forwards(session)) return;
    this.#to.append('CLEAR', { token: this.#address });
    // What is set from now on is recorded when a client sets it.
    this.#value = undefined;
    this.#waiting = [];
  }

  onChanged(session: Session): void {
    if (!this.#forwards(session)) return;
    this.#to.append('SETTINGS', {
      token: this.#address,
      ...settingsOf(this.#engine.state(session), NEVER, this.#wall),
    });
  }

  onExtended(): void {}

  onRotated(session: Session): void {
    // The token that was written no longer leads to the session, or will soon stop leading to it.
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
    return session === this.#session && this.#isForwarding && !this.#isGone;
  }

  /** Forgets a key whose complete value is in the records. */
  #forget(key: Slice): void {
    if (this.#value?.key.equals(key)) this.#value = undefined;
  }
}
