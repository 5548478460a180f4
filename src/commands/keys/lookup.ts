import {
  type KeyName,
  type Kind,
  type NewSession,
  NO_SESSION,
  type Session,
  type SessionEngine,
  WRONG_TYPE,
} from '../../engine/index.js';
import type { Context } from '../../execution/context/context.js';

/**
 * Returns whether a session, or NO_SESSION, is a key. A key of Redis is a shared session with the key's name and of its
 * kind: a string is a session with one value, a hash is a session with keys, a set or a sorted set one with members. A
 * shared session without data is not a key until something is set in it.
 */
export function isKey(engine: SessionEngine, session: Session): boolean {
  if (session === NO_SESSION || !engine.isShared(session)) return false;
  // A string always has its value. Looking for it would cost another cache miss.
  return engine.isString(session) || engine.data.count(session) > 0;
}

/** Creates a key. There must be no shared session with its name. */
export function makeKey(
  engine: SessionEngine,
  key: KeyName,
  { string, kind, data, duration }: Pick<NewSession, 'string' | 'kind' | 'data' | 'duration'>,
): Session {
  return engine.create(key, { shared: 'tokenless', string, kind, data, duration });
}

/** Returns the key's session, or NO_SESSION. For commands that write: a missing key is not reported to subscribers. */
export function findKey(engine: SessionEngine, key: KeyName): Session {
  const session = engine.findShared(key);
  return isKey(engine, session) ? session : NO_SESSION;
}

/** Like `findKey`, for commands that read: a missing key is reported to subscribers. */
export function readKey(context: Context, key: KeyName): Session {
  const session = findKey(context.engine, key);
  if (session === NO_SESSION) notifyMiss(context, key);
  return session;
}

/** Notifies keyspace subscribers that a missing key was read. */
export function notifyMiss({ server }: Context, key: KeyName): void {
  server.keyspaceEvents.notify('m', 'keymiss', key);
}

/** Returns a string key's session, or NO_SESSION. @throws SessionError WRONGTYPE for a key of another kind. */
export function readString(context: Context, key: KeyName): Session {
  const { engine } = context;
  const session = engine.findShared(key);
  if (session !== NO_SESSION && engine.isString(session)) return session;
  if (isKey(engine, session)) throw WRONG_TYPE;
  notifyMiss(context, key);
  return NO_SESSION;
}

/** Returns a hash key's session, or NO_SESSION. @throws SessionError WRONGTYPE for a key of another kind. */
export function readHash(context: Context, key: KeyName): Session {
  return readKind(context, key, 'hash');
}

/**
 * Returns the session of a key of this kind, or NO_SESSION. For commands that write.
 * @throws SessionError WRONGTYPE for a key of another kind.
 */
export function findKind(engine: SessionEngine, key: KeyName, kind: Kind): Session {
  return asKind(engine, findKey(engine, key), kind);
}

/** Like `findKind`, for commands that read. @param orKind Another kind that the key may be of. */
export function readKind(context: Context, key: KeyName, kind: Kind, orKind = kind): Session {
  return asKind(context.engine, readKey(context, key), kind, orKind);
}

/** Returns the given session, which may be NO_SESSION. @throws SessionError WRONGTYPE if it is not a string. */
export function asString(engine: SessionEngine, session: Session): Session {
  if (session !== NO_SESSION && !engine.isString(session)) throw WRONG_TYPE;
  return session;
}

/** Returns the given session, which may be NO_SESSION. @throws SessionError WRONGTYPE if it is of another kind. */
function asKind(engine: SessionEngine, session: Session, kind: Kind, orKind = kind): Session {
  if (session === NO_SESSION) return session;
  const own = engine.kindOf(session);
  if (own !== kind && own !== orKind) throw WRONG_TYPE;
  return session;
}

/**
 * Ends a key that has lost its last field or member, and notifies keyspace subscribers. Does nothing if it has others.
 */
export function endIfEmpty({ engine, server }: Context, key: KeyName, session: Session): void {
  if (engine.data.count(session) > 0) return;
  // Without data it is no longer a key, so the end of the session would not be published.
  server.keyspaceEvents.notify('g', 'del', key);
  engine.end(session);
}
