import {
  type KeyName,
  type NewSession,
  NO_SESSION,
  type Session,
  type SessionEngine,
  WRONG_TYPE,
} from '../../engine/index.js';
import type { Context } from '../../execution/context/context.js';

/**
 * Returns whether a session, or NO_SESSION, is a key. A key of Redis is a shared session with the key's name: a string
 * is a session with one value, and a hash is a session with keys. A shared session without data is not a key until
 * something is set in it.
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
  { string, data, duration }: Pick<NewSession, 'string' | 'data' | 'duration'>,
): Session {
  return engine.create(key, { shared: 'tokenless', string, data, duration });
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

/** Returns a string key's session, or NO_SESSION. @throws SessionError WRONGTYPE for a hash. */
export function readString(context: Context, key: KeyName): Session {
  const { engine } = context;
  const session = engine.findShared(key);
  if (session !== NO_SESSION && engine.isString(session)) return session;
  if (isKey(engine, session)) throw WRONG_TYPE;
  notifyMiss(context, key);
  return NO_SESSION;
}

/** Returns a hash key's session, or NO_SESSION. @throws SessionError WRONGTYPE for a string. */
export function readHash(context: Context, key: KeyName): Session {
  return asHash(context.engine, readKey(context, key));
}

/** Returns the given session, which may be NO_SESSION. @throws SessionError WRONGTYPE for a hash. */
export function asString(engine: SessionEngine, session: Session): Session {
  if (session !== NO_SESSION && !engine.isString(session)) throw WRONG_TYPE;
  return session;
}

/** Returns the given session, which may be NO_SESSION. @throws SessionError WRONGTYPE for a string. */
export function asHash(engine: SessionEngine, session: Session): Session {
  if (session !== NO_SESSION && engine.isString(session)) throw WRONG_TYPE;
  return session;
}
