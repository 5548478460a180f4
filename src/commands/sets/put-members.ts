import { type KeyName, NO_SESSION, type Session, type SessionEngine } from '../../engine/index.js';
import { Slice } from '../../slice.js';
import { makeKey } from '../keys/lookup.js';

/** The value of each member, as a key of a session. */
export const NO_VALUE = Slice.of('');

/**
 * Adds members to a set, and creates it if it does not exist. Returns how many are new.
 * @param session What `findKind` returned for the key, or a session without data.
 */
export function putMembers(engine: SessionEngine, key: KeyName, session: Session, members: readonly Slice[]): number {
  if (session !== NO_SESSION) return engine.data.addMembers(session, members);
  return engine.data.count(makeKey(engine, key, { kind: 'set', data: asData(members) }));
}

/** Returns members as the data of a session: alternating keys and values. */
function asData(members: readonly Slice[]): Slice[] {
  return members.flatMap((member) => [member, NO_VALUE]);
}
