import { parseScore } from '../engine/fields/scores.js';
import {
  extendOf,
  isPublicId,
  isToken,
  MAX_DURATION,
  MAX_NAME,
  MAX_SECONDS,
  MAX_VALUE,
  type NewSession,
} from '../engine/index.js';
import { nameIn } from '../engine/names/address.js';
import { fieldIndexes, JournalError, type JournalRecord } from '../journal/index.js';
import { Slice } from '../slice.js';
import { settingsIn } from './session-records.js';
import type { WallTime } from './wall-time.js';

const SESSION = fieldIndexes('SESSION');
const SETTINGS = fieldIndexes('SETTINGS');
const WRITE = fieldIndexes('WRITE');
const ID = fieldIndexes('ID');
const KEYDEADLINE = fieldIndexes('KEYDEADLINE');
/** The index of the token in records about a session. */
const TOKEN = 0;
/** When a batch ends, its last session is copied or, if it has more bytes than this, passed on in pieces. */
const LARGE = 64 * 1024;

/** A session without its data. */
export interface SavedHead {
  readonly name: Slice;
  readonly settings: NewSession;
}

/** A key and when it is due, in ms on the engine's clock. */
interface KeyDeadline {
  readonly key: Slice;
  readonly deadline: number;
}

/** A session of a data set, with all of its data. Its slices are valid until the next one is read. */
export interface SavedSession {
  readonly name: Slice;
  readonly settings: NewSession;
  /** The keys that have deadlines of their own. Some of these may have passed. */
  readonly deadlines: readonly KeyDeadline[];
  /** The number of its keys; a string has one. */
  readonly keys: number;
}

/** Takes a session piece by piece. At the end, `complete` or `drop` is called. */
export interface PieceTarget {
  /** Sets a key. It has no deadline then. */
  set(key: Slice, value: Slice): void;
  /** Sets when a key is due, in ms on the engine's clock; Infinity for never. Does nothing if there is no such key. */
  setKeyDeadline(key: Slice, deadline: number): void;
  /** Like `set`, for a sorted set. @param value Is a score. */
  setScore(member: Slice, value: Slice): void;
  write(key: Slice, offset: number, bytes: Slice, lengthBefore: number): void;
  delete(key: Slice): void;
  clear(): void;
  complete(head: SavedHead): void;
  drop(): void;
}

/** Takes the sessions that are read. */
export interface SavedSessionVisitor {
  whole(session: SavedSession): void;
  /** Begins a session whose data comes in pieces. Arguments are valid until the next piece. */
  begin(head: SavedHead): PieceTarget | Promise<PieceTarget>;
  /** Called after each session and each piece. Returns a promise to wait for before the next one, if necessary. */
  pause(): Promise<void> | undefined;
}

/**
 * Reads the sessions of a data set.
 * @param batches The records of the data set.
 * @param path The path of the file, for the error message.
 * @param wall The clock of the records.
 * @param restart Whether each session's MAXAGE starts again. Otherwise it keeps its end.
 * @throws JournalError if the records are not those of a data set.
 */
export async function readSavedSessions(
  batches: AsyncIterable<Iterable<JournalRecord>>,
  path: string,
  visitor: SavedSessionVisitor,
  wall: WallTime,
  restart: boolean,
): Promise<void> {
  const reader = new Reader(path, visitor, wall, restart);
  try {
    for await (const records of batches) {
      for (const record of records) {
        const reading = reader.read(record);
        if (reading !== undefined) await reading;
      }
      await reader.endBatch();
    }
  } finally {
    reader.close();
  }
}

/** A session that may have more data. */
interface Begun extends SavedHead {
  readonly token: Slice;
  /** Alternating keys and values. */
  readonly data: Slice[];
  readonly deadlines: KeyDeadline[];
}

/** A session that is passed on in pieces. */
interface InPieces {
  readonly token: Slice;
  head: SavedHead;
  readonly target: PieceTarget;
}

class Reader {
  readonly #path: string;
  readonly #visitor: SavedSessionVisitor;
  readonly #wall: WallTime;
  readonly #restart: boolean;
  /** The session that was read last, if it is not in pieces. Its slices are valid until the batch ends. */
  #begun: Begun | undefined;
  #pieces: InPieces | undefined;

  constructor(path: string, visitor: SavedSessionVisitor, wall: WallTime, restart: boolean) {
    this.#path = path;
    this.#visitor = visitor;
    this.#wall = wall;
    this.#restart = restart;
  }

  read(record: JournalRecord): Promise<void> | undefined {
    const token = this.#begun?.token ?? this.#pieces?.token;
    const isAbout = record.name !== 'SESSION' && record.name !== 'END' && token?.equals(record.slice(TOKEN)) === true;
    if (isAbout && record.name === 'ID' && this.#begun !== undefined) {
      this.#begun = this.#withId(this.#begun, record);
      return undefined;
    }
    if (isAbout && record.name === 'KEYDEADLINE' && this.#begun !== undefined) {
      this.#begun.deadlines.push(this.#deadlineIn(record, this.#begun));
      return undefined;
    }
    if (isAbout) return this.#continue(record);
    this.#end();
    if (record.name === 'END') return undefined;
    if (record.name !== 'SESSION') throw unexpected(this.#path, `a ${record.name} record in the wrong place`);
    this.#begun = this.#beginningOf(record);
    return this.#visitor.pause();
  }

  /** Call this at the end of a batch. Copies what is still needed of the batch. */
  async endBatch(): Promise<void> {
    const begun = this.#begun;
    if (begun === undefined) return;
    const bytes = begun.data.reduce((sum, { length }) => sum + length, 0);
    if (bytes > LARGE) await this.#divide(begun);
    else this.#begun = owned(begun);
  }

  /** Drops a session of which only a part was read. */
  close(): void {
    this.#pieces?.target.drop();
  }

  async #continue(record: JournalRecord): Promise<void> {
    if (this.#begun !== undefined) await this.#divide(this.#begun);
    if (this.#pieces !== undefined) this.#apply(this.#pieces, record);
    await this.#visitor.pause();
  }

  async #divide(begun: Begun): Promise<void> {
    const { name, settings, token, data, deadlines } = owned(begun);
    this.#begun = undefined;
    const head = { name, settings };
    const target = await this.#visitor.begin(head);
    this.#pieces = { token, head, target };
    for (let i = 0; i < data.length; i += 2) this.#set(this.#pieces, data[i], data[i + 1]);
    for (const { key, deadline } of deadlines) target.setKeyDeadline(key, deadline);
  }

  #apply(pieces: InPieces, record: JournalRecord): void {
    const { target } = pieces;
    switch (record.name) {
      case 'SET':
        for (let i = record.fields; i < record.count; i += 2) this.#set(pieces, record.slice(i), record.slice(i + 1));
        break;
      case 'WRITE':
        this.#write(pieces, record);
        break;
      case 'KEYDEADLINE': {
        const { key, deadline } = this.#deadlineIn(record, pieces.head);
        target.setKeyDeadline(key, deadline);
        break;
      }
      case 'DEL':
        for (let i = record.fields; i < record.count; i++) target.delete(record.slice(i));
        break;
      case 'CLEAR':
        target.clear();
        break;
      case 'ID':
        pieces.head = this.#withId(pieces.head, record);
        break;
      case 'SETTINGS': {
        const { token } = pieces;
        const { name } = pieces.head;
        const { id } = pieces.head.settings;
        const settings = { ...this.#settingsOf(record, SETTINGS, token), id };
        pieces.head = { name, settings };
        break;
      }
      case 'GONE':
        target.drop();
        this.#pieces = undefined;
        break;
      default:
        throw unexpected(this.#path, `a ${record.name} record in the wrong place`);
    }
  }

  /** Returns the session with the public id in the record. */
  #withId<Head extends SavedHead>(head: Head, record: JournalRecord): Head {
    const id = Slice.of(record.slice(ID.id).copy());
    if (!isPublicId(id)) throw unexpected(this.#path, 'a session with an invalid id');
    return { ...head, settings: { ...head.settings, id } };
  }

  #deadlineIn(record: JournalRecord, { settings }: SavedHead): KeyDeadline {
    if (settings.kind !== 'hash') throw unexpected(this.#path, 'a deadline of a key where there can be none');
    const key = record.slice(KEYDEADLINE.key);
    return { key, deadline: this.#wall.toClock(record.integer(KEYDEADLINE.deadline)) };
  }

  #write(pieces: InPieces, record: JournalRecord): void {
    const offset = record.integer(WRITE.offset);
    const lengthBefore = record.integer(WRITE.lengthBefore);
    const bytes = record.slice(WRITE.bytes);
    if (Math.max(lengthBefore, offset + bytes.length) > MAX_VALUE)
      throw unexpected(this.#path, 'a value that is too long');
    if (pieces.head.settings.kind === 'zset') throw unexpected(this.#path, NO_SCORE);
    this.#checkKey(pieces, record.slice(WRITE.key));
    pieces.target.write(record.slice(WRITE.key), offset, bytes, lengthBefore);
  }

  #set(pieces: InPieces, key: Slice, value: Slice): void {
    this.#checkKey(pieces, key);
    if (pieces.head.settings.kind === 'zset') {
      if (Number.isNaN(parseScore(value))) throw unexpected(this.#path, NO_SCORE);
      pieces.target.setScore(key, value);
    } else {
      pieces.target.set(key, value);
    }
  }

  #checkKey({ head }: InPieces, key: Slice): void {
    if (head.settings.kind === 'string' && key.length > 0)
      throw unexpected(this.#path, 'a string with more than its value');
  }

  #beginningOf(record: JournalRecord): Begun {
    const name = record.slice(SESSION.name);
    const token = record.slice(SESSION.token);
    if (name.length === 0 || name.length > MAX_NAME) throw unexpected(this.#path, 'a session without a valid name');
    const settings = this.#settingsOf(record, SESSION, token);
    const data: Slice[] = [];
    for (let i = record.fields; i < record.count; i++) data.push(record.slice(i));
    return { name, token, settings, data, deadlines: [] };
  }

  #settingsOf(
    record: JournalRecord,
    at: Pick<typeof SESSION, 'duration' | 'maxAgeSeconds' | 'maxAgeEnd' | 'flags'>,
    token: Slice,
  ): NewSession {
    const path = this.#path;
    const { shared, kind, deleteSession, extendGet, extendSet } = settingsIn(record.integer(at.flags));
    const duration = record.integer(at.duration);
    const maxAgeSeconds = record.integer(at.maxAgeSeconds);
    // A shared session has no token if nobody had asked for the token.
    const tokenless = shared && nameIn(token) !== undefined;
    if (!tokenless && !isToken(token)) throw unexpected(path, 'a session without a valid token');
    if (duration > MAX_DURATION || maxAgeSeconds > MAX_SECONDS) throw unexpected(path, 'a session that lasts too long');
    return {
      duration,
      kind,
      deleteSession,
      extend: extendOf(extendGet, extendSet),
      maxAgeMs: maxAgeSeconds * 1000,
      maxAgeEnd: this.#restart ? Infinity : this.#wall.toClock(record.integer(at.maxAgeEnd)),
      shared: tokenless ? 'tokenless' : shared,
      // The token of a shared session follows from its name.
      ...(!shared && { token }),
    };
  }

  /** Call this when the session being read is complete. */
  #end(): void {
    const [begun, pieces] = [this.#begun, this.#pieces];
    this.#begun = undefined;
    this.#pieces = undefined;
    if (begun !== undefined) this.#visitor.whole(completed(begun, this.#path));
    else if (pieces !== undefined) pieces.target.complete(pieces.head);
  }
}

/** Returns the session with copies of its slices. */
function owned({ name, token, settings, data, deadlines }: Begun): Begun {
  const copy = (slice: Slice) => Slice.of(slice.copy());
  const ownToken = copy(token);
  return {
    name: copy(name),
    token: ownToken,
    settings: { ...settings, ...(settings.token !== undefined && { token: ownToken }) },
    data: data.map(copy),
    deadlines: deadlines.map(({ key, deadline }) => ({ key: copy(key), deadline })),
  };
}

function completed({ name, settings, data, deadlines }: Begun, path: string): SavedSession {
  const keys = data.length / 2;
  if (settings.kind === 'string' && (keys !== 1 || data[0].length > 0))
    throw unexpected(path, 'a string with more than its value');
  if (settings.kind === 'zset' && data.some((value, i) => i % 2 === 1 && Number.isNaN(parseScore(value))))
    throw unexpected(path, NO_SCORE);
  return { name, settings: { ...settings, data }, deadlines, keys };
}

const NO_SCORE = 'a sorted set with a value that is not a score';

function unexpected(path: string, what: string): JournalError {
  return new JournalError(`${path} is not a valid data set: it has ${what}`);
}
