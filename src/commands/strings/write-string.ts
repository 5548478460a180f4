import { NO_SESSION, type Session, type SessionEngine } from '../../engine/index.js';
import { Slice } from '../../slice.js';
import type { Context } from '../context.js';
import { asString, isKey } from '../keys/lookup.js';

/** Where a string has its value. */
const VALUE = Slice.of('');

/**
 * Makes a key a string of this value, as SET does, and tells those who listen.
 * @param session The shared session of that name, whatever it holds, or NO_SESSION.
 * @param duration Milliseconds until it expires, 0 for never; undefined: as it was.
 */
export function writeString(
  { engine, server }: Context,
  key: Slice,
  session: Session,
  value: Slice,
  duration: number | undefined,
): void {
  putString(engine, key, session, value, duration ?? 0);
  // One that is new has the duration that it was made with.
  if (session !== NO_SESSION && duration !== undefined && (duration > 0 || engine.duration(session) > 0)) {
    engine.setDuration(session, duration);
  }
  server.keyspaceEvents.tell('$', 'set', key);
  if (duration !== undefined && duration > 0) server.keyspaceEvents.tell('g', 'expire', key);
}

/** Makes a key a string of this value; when it expires, if it exists, stays as it was. */
export function putString(engine: SessionEngine, key: Slice, session: Session, value: Slice, duration = 0): void {
  if (session !== NO_SESSION) engine.data.setString(session, value);
  else engine.create(key, { shared: true, tokenless: true, isString: true, data: [VALUE, value], duration });
}

/** The shared session of a name to write a part of a string to: a string, one without data, or NO_SESSION. @throws SessionError WRONGTYPE. */
export function openString(engine: SessionEngine, key: Slice): Session {
  const session = engine.findShared(key);
  return isKey(engine, session) ? asString(engine, session) : session;
}
