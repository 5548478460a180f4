import {
  MAX_DURATION,
  MAX_NAME,
  MAX_SECONDS,
  MAX_VALUE,
  NO_SESSION,
  type Restoration,
  type Session,
  type SessionState,
} from '../engine/index.js';
import { CodedError } from '../errors.js';
import { fieldIndexes, type JournalRecord, RecordError, type RecordName } from '../journal/index.js';
import { Slice } from '../slice.js';
import { settingsIn } from './session-records.js';
import { StreamReplay } from './stream-replay.js';
import { NEVER, type WallTime } from './wall-time.js';

const EXPECT = fieldIndexes('EXPECT');
const SESSION = fieldIndexes('SESSION');
const REVEALED = fieldIndexes('REVEALED');
const SETTINGS = fieldIndexes('SETTINGS');
const DEADLINE = fieldIndexes('DEADLINE');
const ALIAS = fieldIndexes('ALIAS');
const ID = fieldIndexes('ID');
const ROTATED = fieldIndexes('ROTATED');
const WRITE = fieldIndexes('WRITE');
const KEYDEADLINE = fieldIndexes('KEYDEADLINE');
/** The index of the token, with which every record about a session starts. */
const TOKEN = 0;

/** Replays records on an engine that is being restored. `records.ts` says what each record means. */
export class Replay {
  readonly #restoration: Restoration;
  readonly #wall: WallTime;
  /** The token and the name of the session that is foreseen, reused. */
  readonly #token = Slice.of('');
  readonly #name = Slice.of('');
  readonly #handlers: Record<RecordName, (record: JournalRecord) => void>;

  /**
   * @param wall The journal's clock.
   * @param stream Replays the records of the event stream. By default they are left out.
   */
  constructor(restoration: Restoration, wall: WallTime, stream = new StreamReplay(undefined)) {
    this.#restoration = restoration;
    this.#wall = wall;
    const ofSession =
      (apply: (session: Session, record: JournalRecord) => void) =>
      (record: JournalRecord): void => {
        const session = restoration.find(record.slice(TOKEN));
        if (session !== NO_SESSION) apply(session, record);
      };
    const ofData =
      (apply: (session: Session, record: JournalRecord) => void) =>
      (record: JournalRecord): void => {
        const session = restoration.findData(record.slice(TOKEN));
        if (session !== NO_SESSION) apply(session, record);
      };
    this.#handlers = {
      EXPECT: (record) => restoration.expect(record.integer(EXPECT.sessions), record.integer(EXPECT.names)),
      SESSION: (record) => this.#put(record),
      PREPARED: (record) => restoration.prepare(record.slice(TOKEN)),
      REVEALED: (record) => this.#reveal(record),
      SETTINGS: ofSession((session, record) => restoration.settle(session, this.#settings(session, record))),
      DEADLINE: ofSession((session, record) =>
        restoration.run(session, this.#wall.toClock(record.integer(DEADLINE.deadline))),
      ),
      SET: ofData((session, record) => {
        for (let i = record.fields; i < record.count; i += 2) {
          restoration.set(session, record.slice(i), record.slice(i + 1));
        }
      }),
      WRITE: ofData((session, record) => this.#write(session, record)),
      KEYDEADLINE: ofData((session, record) =>
        restoration.setKeyDeadline(
          session,
          record.slice(KEYDEADLINE.key),
          this.#wall.toClock(record.integer(KEYDEADLINE.deadline)),
        ),
      ),
      DEL: ofData((session, record) => {
        for (let i = record.fields; i < record.count; i++) restoration.delete(session, record.slice(i));
      }),
      CLEAR: ofData((session) => restoration.clear(session)),
      ALIAS: ofSession((session, record) =>
        restoration.addOldToken(
          session,
          record.slice(ALIAS.oldToken),
          this.#wall.toClock(record.integer(ALIAS.graceEnd)),
        ),
      ),
      ID: ofSession((session, record) => restoration.setId(session, record.slice(ID.id))),
      ROTATED: (record) => {
        const graceEnd = record.integer(ROTATED.graceEnd);
        restoration.rotate(
          record.slice(TOKEN),
          record.slice(ROTATED.newToken),
          graceEnd === NEVER ? undefined : this.#wall.toClock(graceEnd),
        );
      },
      GONE: (record) => restoration.forget(record.slice(TOKEN)),
      FLUSH: () => restoration.forgetAll(),
      END: () => {},
      ...stream.handlers,
    };
  }

  /** Prepares for the next `count` records, and changes nothing. */
  foresee(records: readonly JournalRecord[], count: number): void {
    const { foreseen } = this.#restoration;
    for (let i = 0; i < count; i++) {
      const record = records[i];
      if (record.name !== 'SESSION') continue;
      foreseen.add(pointedAt(this.#token, record, TOKEN), pointedAt(this.#name, record, SESSION.name));
    }
    foreseen.fetch();
  }

  /** @throws RecordError for a record that no recorder writes. */
  visit(record: JournalRecord): void {
    try {
      this.#handlers[record.name](record);
    } catch (error) {
      if (!(error instanceof RangeError) && !(error instanceof CodedError)) throw error;
      throw new RecordError(`a ${record.name} record is invalid: ${error.message}`);
    }
  }

  #write(session: Session, record: JournalRecord): void {
    const offset = record.integer(WRITE.offset);
    const length = record.integer(WRITE.lengthBefore);
    const bytes = record.slice(WRITE.bytes);
    if (Math.max(length, offset + bytes.length) > MAX_VALUE) throw new RangeError('a value is too long');
    this.#restoration.write(session, record.slice(WRITE.key), offset, bytes, length);
  }

  #put(record: JournalRecord): void {
    const state = this.#stateOf(record, SESSION, record.integer(SESSION.created));
    this.#restoration.put(record.slice(TOKEN), nameOf(record, SESSION.name), state, record.rest());
  }

  #reveal(record: JournalRecord): void {
    const state = this.#stateOf(record, REVEALED, record.integer(REVEALED.created));
    const token = record.slice(REVEALED.newToken);
    this.#restoration.reveal(record.slice(TOKEN), token, nameOf(record, REVEALED.name), state);
  }

  #settings(session: Session, record: JournalRecord) {
    return this.#stateOf(record, SETTINGS, this.#restoration.created(session));
  }

  #stateOf(record: JournalRecord, at: Omit<typeof SETTINGS, 'token'>, created: number): SessionState {
    const duration = record.integer(at.duration);
    const maxAgeSeconds = record.integer(at.maxAgeSeconds);
    if (duration > MAX_DURATION || maxAgeSeconds > MAX_SECONDS) throw new RangeError('a session lasts too long');
    const { shared, kind, deleteSession, extendGet, extendSet } = settingsIn(record.integer(at.flags));
    // Listed one by one, because spreading the flags took as long as the rest of a session.
    return {
      shared,
      kind,
      deleteSession,
      extendGet,
      extendSet,
      duration,
      deadline: this.#wall.toClock(record.integer(at.deadline)),
      maxAgeMs: maxAgeSeconds * 1000,
      maxAgeEnd: this.#wall.toClock(record.integer(at.maxAgeEnd)),
      created,
    };
  }
}

function nameOf(record: JournalRecord, index: number): Slice {
  const name = record.slice(index);
  if (name.length > MAX_NAME) throw new RangeError('a name is too long');
  return name;
}

/** Makes a slice a view of an argument, and returns it. */
function pointedAt(slice: Slice, record: JournalRecord, index: number): Slice {
  return slice.point(record.buffer, record.start(index), record.end(index));
}
