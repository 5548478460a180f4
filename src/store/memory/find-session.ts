import { NO_SESSION, type Session, type SessionEngine } from '../../engine/index.js';
import { nameIn } from '../../engine/names/address.js';
import type { Slice } from '../../slice.js';
import { noSuchSession } from '../no-such-session.js';

/** Returns the live session of a token or `@name`, or NO_SESSION. */
export function findSession(engine: SessionEngine, token: Slice): Session {
  const name = nameIn(token);
  return name === undefined ? engine.find(token) : engine.findShared(name);
}

/** Returns the live session of a token or `@name`. @throws SessionError NOSESSION. */
export function sessionOf(engine: SessionEngine, token: Slice): Session {
  const session = findSession(engine, token);
  if (session === NO_SESSION) throw noSuchSession(token);
  return session;
}
