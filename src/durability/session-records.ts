import { addressOfName, type Session, type SessionEngine, type SessionState } from '../engine/index.js';
import { type RecordSink, SessionFlag } from '../journal/index.js';
import { Slice } from '../slice.js';
import type { WallTime } from './wall-time.js';

/** A record is read as a whole: a session with more bytes of data than this is written in several. */
const LARGE = 1024 * 1024;

/** What SESSION and SETTINGS say alike. @param deadline Unix ms, as the record is to say it. */
export function settingsOf(state: SessionState, deadline: number, wall: WallTime) {
  return {
    // The engine takes fractions, a record does not.
    duration: Math.ceil(state.duration),
    deadline,
    maxAge: state.maxAge,
    maxAgeEnd: wall.ofClock(state.maxAgeEnd),
    flags: flagsOf(state),
  };
}

/**
 * What the records about a session know it by, good until the next call: its token or, if it is shared, `@` and its name, which stays the same
 * when somebody asks for its token.
 */
export function addressOf(engine: SessionEngine, session: Session): Slice {
  return engine.isShared(session) ? addressOfName(engine.nameBytes(session)) : engine.tokenBytes(session);
}

/** The token that a session is to have when it is put back, good until the next call; `@` and its name if nobody knows its token. */
function keptTokenOf(engine: SessionEngine, session: Session): Slice {
  return engine.isTokenless(session) ? addressOfName(engine.nameBytes(session)) : engine.tokenBytes(session);
}

/** Writes a session as it is now, with its data. @param deadline Unix ms. */
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
    data.peek(session, (key, value) => to.appendSet(keptTokenOf(engine, session), key, value));
  } else {
    to.begin('SESSION', fields, 2 * data.count(session));
    data.peek(session, (key, value) => {
      to.item(key);
      to.item(value);
    });
  }
}

/** Writes a session as it is now, but for its data. Returns the token that the record has, which is the caller's. */
export function writeHead(
  to: RecordSink,
  engine: SessionEngine,
  session: Session,
  deadline: number,
  wall: WallTime,
): Slice {
  const token = Slice.of(keptTokenOf(engine, session).copy());
  to.append('SESSION', { token, ...fieldsOf(engine, session, deadline, wall) });
  return token;
}

/** Lets a session that was prepared be what it is now. */
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
}

function fieldsOf(engine: SessionEngine, session: Session, deadline: number, wall: WallTime) {
  const state = engine.state(session);
  return { name: Slice.of(engine.name(session)), created: state.created, ...settingsOf(state, deadline, wall) };
}

/** Writes the old tokens that still lead to a session, which was written before: the oldest first, as they came. */
export function writeOldTokens(to: RecordSink, engine: SessionEngine, session: Session, wall: WallTime): void {
  const olds: { token: Buffer; until: number }[] = [];
  engine.forEachOldToken(session, (token, until) => olds.push({ token: token.copy(), until }));
  for (const { token: old, until } of olds.reverse()) {
    to.append('ALIAS', { token: engine.tokenBytes(session), oldToken: Slice.of(old), graceEnd: wall.ofClock(until) });
  }
}

/** The settings that are flags, as `flagsOf` put them together. */
export function settingsIn(
  flags: number,
): Pick<SessionState, 'shared' | 'isString' | 'deleteSession' | 'extendGet' | 'extendSet'> {
  return {
    isString: (flags & SessionFlag.String) !== 0,
    shared: (flags & SessionFlag.Shared) !== 0,
    deleteSession: (flags & SessionFlag.DeleteSession) !== 0,
    extendGet: (flags & SessionFlag.ExtendGet) !== 0,
    extendSet: (flags & SessionFlag.ExtendSet) !== 0,
  };
}

function flagsOf({ shared, isString, deleteSession, extendGet, extendSet }: SessionState): number {
  return (
    (isString ? SessionFlag.String : 0) |
    (deleteSession ? SessionFlag.DeleteSession : 0) |
    (shared ? SessionFlag.Shared : 0) |
    (extendGet ? SessionFlag.ExtendGet : 0) |
    (extendSet ? SessionFlag.ExtendSet : 0)
  );
}
