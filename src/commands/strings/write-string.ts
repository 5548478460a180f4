import { type KeyName, NO_SESSION, type Session, type SessionEngine } from '../../engine/index.js';
import type { Context } from '../../execution/context/context.js';
import type { Slice } from '../../slice.js';
import { asString, isKey, makeKey } from '../keys/lookup.js';

/**
 * Sets a key to a string, as SET does, and notifies keyspace subscribers. Returns the key's session.
 * @param session The shared session with the key's name, whatever it contains, or NO_SESSION.
 * @param duration Milliseconds until it expires; 0 for never, undefined to keep the current deadline.
 */
export function writeString(
  { engine, server }: Context,
  key: KeyName,
  session: Session,
  value: Slice,
  duration: number | undefined,
): Session {
  const written = putString(engine, key, session, value, duration ?? 0);
  // A new session already has its duration.
  if (session !== NO_SESSION && duration !== undefined && (duration > 0 || engine.duration(session) > 0)) {
    engine.setDuration(session, duration);
  }
  server.keyspaceEvents.notify('$', 'set', key);
  if (duration !== undefined && duration > 0) server.keyspaceEvents.notify('g', 'expire', key);
  return written;
}

/**
 * Sets a key to a string. An existing key keeps its deadline. Returns the key's session.
 * @param duration Milliseconds until a new key expires; 0 for never.
 */
export function putString(engine: SessionEngine, key: KeyName, session: Session, value: Slice, duration = 0): Session {
  if (session === NO_SESSION) return makeKey(engine, key, { string: value, duration });
  engine.data.setString(session, value);
  return session;
}

/**
 * Returns the value of a string key, or undefined if the session, or NO_SESSION, is not a key.
 * @throws SessionError WRONGTYPE for a hash.
 */
export function stringValue(engine: SessionEngine, session: Session): Slice | undefined {
  return isKey(engine, session) ? engine.data.getString(asString(engine, session)) : undefined;
}
