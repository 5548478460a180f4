import type { Kind, Session, SessionEngine, SessionState } from '../engine/index.js';
import { addressOfName } from '../engine/names/address.js';
import { type RecordSink, SessionFlag } from '../journal/index.js';
import { Slice } from '../slice.js';
import type { WallTime } from './wall-time.js';

/**
 * A session with more bytes of data than this is written in several records, because a record is read into memory
 * completely.
 */
const LARGE = 1024 * 1024;

/**
 * Returns the fields that SESSION and SETTINGS have in common.
 * @param deadline Unix ms, as it is to be written.
 */
export function settingsOf(state: SessionState, deadline: number, wall: WallTime) {
  return {
    // The engine accepts fractions of a millisecond, a record does not.
    duration: Math.ceil(state.duration),
    deadline,
    maxAgeSeconds: state.maxAgeMs / 1000,
    maxAgeEnd: wall.ofClock(state.maxAgeEnd),
    flags: flagsOf(state),
  };
}

/**
 * Returns what identifies a session in its records: its token or, if it is shared, `@` and its name, which stays the
 * same when somebody asks for its token. Valid until the next call.
 */
export function addressOf(engine: SessionEngine, session: Session): Slice {
  return engine.isShared(session) ? addressOfName(engine.nameBytes(session)) : engine.tokenBytes(session);
}

/**
 * Returns the token that a session will have when it is restored, or `@` and its name if nobody knows its token. Valid
 * until the next call.
 */
function keptTokenOf(engine: SessionEngine, session: Session): Slice {
  return engine.isTokenless(session) ? addressOfName(engine.nameBytes(session)) : engine.tokenBytes(session);
}

/**
 * Writes a session in its current state, with its data.
 * @param deadline Unix ms.
 */
export function writeSession(
  to: RecordSink,
  engine: SessionEngine,
  session: Session,
  deadline: number,
  wall: WallTime,
): void {
  const { data } = engine;
  const token = keptTokenOf(engine, session);
  const fields = { token, ...fieldsOf(engine, session, deadline, wall) };
  if (data.size(session) > LARGE) {
    to.append('SESSION', fields);
    writeKeptId(to, engine, session);
    data.peek(session, (key, value) => to.appendSet(keptTokenOf(engine, session), key, value));
  } else {
    to.begin('SESSION', fields, 2 * data.count(session));
    data.peek(session, (key, value) => {
      to.item(key);
      to.item(value);
    });
    writeKeptId(to, engine, session);
  }
  data.forEachKeyDeadline(session, (key, deadline) => {
    to.append('KEYDEADLINE', { token: keptTokenOf(engine, session), key, deadline: wall.ofClock(deadline) });
  });
}

/** Writes a session in its current state, without its data. Returns a copy of the token in the record. */
export function writeHead(
  to: RecordSink,
  engine: SessionEngine,
  session: Session,
  deadline: number,
  wall: WallTime,
): Slice {
  const token = Slice.of(keptTokenOf(engine, session).copy());
  to.append('SESSION', { token, ...fieldsOf(engine, session, deadline, wall) });
  writeKeptId(to, engine, session);
  return token;
}

/** Completes a session that was prepared, with its current state. */
export function writeRevealed(
  to: RecordSink,
  engine: SessionEngine,
  prepared: Slice,
  session: Session,
  deadline: number,
  wall: WallTime,
): void {
  const newToken = keptTokenOf(engine, session);
  to.append('REVEALED', { token: prepared, newToken, ...fieldsOf(engine, session, deadline, wall) });
  writeKeptId(to, engine, session);
}

/** Writes the public id of a session that was rotated. The session itself must have been written before. */
function writeKeptId(to: RecordSink, engine: SessionEngine, session: Session): void {
  const id = engine.keptId(session);
  if (id !== undefined) to.append('ID', { token: keptTokenOf(engine, session), id: Slice.of(id) });
}

function fieldsOf(engine: SessionEngine, session: Session, deadline: number, wall: WallTime) {
  const state = engine.state(session);
  return { name: Slice.of(engine.name(session)), created: state.created, ...settingsOf(state, deadline, wall) };
}

/**
 * Writes the old tokens that still lead to a session, oldest first. The session itself must have been written before.
 */
export function writeOldTokens(to: RecordSink, engine: SessionEngine, session: Session, wall: WallTime): void {
  const olds: { token: Buffer; until: number }[] = [];
  engine.forEachOldToken(session, (token, until) => olds.push({ token: token.copy(), until }));
  for (const { token: old, until } of olds.reverse()) {
    to.append('ALIAS', { token: engine.tokenBytes(session), oldToken: Slice.of(old), graceEnd: wall.ofClock(until) });
  }
}

/** Returns the settings that `flagsOf` encoded as flags. */
export function settingsIn(
  flags: number,
): Pick<SessionState, 'shared' | 'kind' | 'deleteSession' | 'extendGet' | 'extendSet'> {
  return {
    kind: kindIn(flags),
    shared: (flags & SessionFlag.Shared) !== 0,
    deleteSession: (flags & SessionFlag.DeleteSession) !== 0,
    extendGet: (flags & SessionFlag.ExtendGet) !== 0,
    extendSet: (flags & SessionFlag.ExtendSet) !== 0,
  };
}

function kindIn(flags: number): Kind {
  if ((flags & (SessionFlag.String | SessionFlag.Set | SessionFlag.SortedSet)) === 0) return 'hash';
  if ((flags & SessionFlag.String) !== 0) return 'string';
  return (flags & SessionFlag.Set) !== 0 ? 'set' : 'zset';
}

const FLAG_OF_KIND: Readonly<Record<Kind, number>> = {
  hash: 0,
  string: SessionFlag.String,
  set: SessionFlag.Set,
  zset: SessionFlag.SortedSet,
};

function flagsOf({ shared, kind, deleteSession, extendGet, extendSet }: SessionState): number {
  return (
    FLAG_OF_KIND[kind] |
    (deleteSession ? SessionFlag.DeleteSession : 0) |
    (shared ? SessionFlag.Shared : 0) |
    (extendGet ? SessionFlag.ExtendGet : 0) |
    (extendSet ? SessionFlag.ExtendSet : 0)
  );
}
