import { NO_SESSION, type Session, type SessionEngine, WRONG_TYPE } from '../../engine/index.js';
import type { Slice } from '../../slice.js';
import type { Context } from '../context.js';

/**
 * A key of Redis is the shared session of that name, if it has data: a string is a session with one value, a hash one with keys.
 * One without any is no key; the first that is set makes it one.
 */

/** Whether a shared session, or NO_SESSION, is a key. */
export function isKey(engine: SessionEngine, session: Session): boolean {
  return session !== NO_SESSION && engine.data.count(session) > 0;
}

/** The key's session for who changes it, or NO_SESSION. */
export function findKey(engine: SessionEngine, key: Slice): Session {
  const session = engine.findShared(key);
  return isKey(engine, session) ? session : NO_SESSION;
}

/** As `findKey`, for who only looks: those who listen hear of it if there is none. */
export function lookUpKey({ engine, server }: Context, key: Slice): Session {
  const session = findKey(engine, key);
  if (session === NO_SESSION) server.keyspaceEvents.tell('m', 'keymiss', key);
  return session;
}

/** The string of a key, or NO_SESSION. @throws SessionError WRONGTYPE for a hash. */
export function lookUpString(context: Context, key: Slice): Session {
  return asString(context.engine, lookUpKey(context, key));
}

/** The hash of a key, or NO_SESSION. @throws SessionError WRONGTYPE for a string. */
export function lookUpHash(context: Context, key: Slice): Session {
  return asHash(context.engine, lookUpKey(context, key));
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
