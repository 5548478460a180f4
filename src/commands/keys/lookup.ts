import { type NewSession, NO_SESSION, type Session, type SessionEngine, WRONG_TYPE } from '../../engine/index.js';
import type { Context } from '../../execution/context/context.js';
import type { Slice } from '../../slice.js';

/**
 * A key of Redis is the shared session of that name, if it has data. A string is a session with one value, a hash is one with keys.
 * A session without data is not a key until something is set.
 */

/** Whether a session, or NO_SESSION, is a key. */
export function isKey(engine: SessionEngine, session: Session): boolean {
  if (session === NO_SESSION || !engine.isShared(session)) return false;
  // A string always has its value. Looking for it would cost another cache miss.
  return engine.isString(session) || engine.data.count(session) > 0;
}

/** Creates a key whose name has no shared session yet. */
export function makeKey(
  engine: SessionEngine,
  key: Slice,
  { string, data, duration }: Pick<NewSession, 'string' | 'data' | 'duration'>,
): Session {
  return engine.create(key, { shared: 'tokenless', string, data, duration });
}

/** The key's session, or NO_SESSION. For commands that write: a missing key is not an event. */
export function findKey(engine: SessionEngine, key: Slice): Session {
  const session = engine.findShared(key);
  return isKey(engine, session) ? session : NO_SESSION;
}

/** Like `findKey`, for commands that read: a missing key is published as an event. */
export function readKey(context: Context, key: Slice): Session {
  const session = findKey(context.engine, key);
  if (session === NO_SESSION) notifyMiss(context, key);
  return session;
}

/** Publishes that a key was read that does not exist. */
export function notifyMiss({ server }: Context, key: Slice): void {
  server.keyspaceEvents.notify('m', 'keymiss', key);
}

/** The string of a key, or NO_SESSION. @throws SessionError WRONGTYPE for a hash. */
export function readString(context: Context, key: Slice): Session {
  const { engine } = context;
  const session = engine.findShared(key);
  if (session !== NO_SESSION && engine.isString(session)) return session;
  if (isKey(engine, session)) throw WRONG_TYPE;
  notifyMiss(context, key);
  return NO_SESSION;
}

/** The hash of a key, or NO_SESSION. @throws SessionError WRONGTYPE for a string. */
export function readHash(context: Context, key: Slice): Session {
  return asHash(context.engine, readKey(context, key));
}

/** The same session, or NO_SESSION. @throws SessionError WRONGTYPE for a hash. */
export function asString(engine: SessionEngine, session: Session): Session {
  if (session !== NO_SESSION && !engine.isString(session)) throw WRONG_TYPE;
  return session;
}

/** The same session, or NO_SESSION. @throws SessionError WRONGTYPE for a string. */
export function asHash(engine: SessionEngine, session: Session): Session {
  if (session !== NO_SESSION && engine.isString(session)) throw WRONG_TYPE;
  return session;
}
