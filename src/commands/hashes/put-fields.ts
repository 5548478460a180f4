import { type KeyName, NO_SESSION, type Session, type SessionEngine } from '../../engine/index.js';
import type { Slice } from '../../slice.js';
import { findKind, makeKey } from '../keys/lookup.js';

/**
 * Returns a hash key's session, or NO_SESSION. For commands that write.
 * @throws SessionError WRONGTYPE for a key of another kind.
 */
export function findHash(engine: SessionEngine, key: KeyName): Session {
  return findKind(engine, key, 'hash');
}

/**
 * Sets fields of a hash, and creates it if it does not exist. Returns how many fields are new.
 * @param pairs Alternating fields and values.
 * @param keepsTtl Whether fields still expire when they did before. By default, they no longer expire.
 * @throws SessionError WRONGTYPE for a key of another kind.
 */
export function putFields(engine: SessionEngine, key: KeyName, pairs: readonly Slice[], keepsTtl = false): number {
  const session = engine.findShared(key);
  if (session === NO_SESSION) {
    return engine.data.count(makeKey(engine, key, { data: pairs }));
  }
  const before = engine.data.count(session);
  if (keepsTtl) engine.data.setKeeping(session, pairs);
  else engine.data.set(session, pairs);
  return engine.data.count(session) - before;
}
