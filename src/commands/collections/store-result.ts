import { type KeyName, NO_SESSION } from '../../engine/index.js';
import type { Context } from '../../execution/context/context.js';
import type { Slice } from '../../slice.js';
import { isKey, makeKey } from '../keys/lookup.js';
import type { SET, SORTED_SET } from './collection.js';

/** What summaries say of commands that call `storeResult`. */
export const REPLACES = 'Replaces a value of any type. If the result is empty, removes the key.';

/**
 * Stores the members that a command has found in a key, whatever it was before, and replies how many there are. The key
 * then never expires. Without members, ends the key.
 * @param data Alternating members and values, as for `NewSession.data`.
 * @param event Of the keyspace.
 */
export function storeResult(
  { engine, reply, server }: Context,
  { kind, event: letter }: typeof SET | typeof SORTED_SET,
  key: KeyName,
  data: readonly Slice[],
  event: string,
): void {
  const session = engine.findShared(key);
  if (data.length === 0) {
    if (isKey(engine, session)) engine.end(session);
  } else {
    if (session === NO_SESSION) {
      makeKey(engine, key, { kind, data });
    } else {
      engine.data.replaceWith(session, kind, data);
      if (engine.duration(session) > 0) engine.setDuration(session, 0);
    }
    server.keyspaceEvents.notify(letter, event, key);
  }
  reply.integer(data.length / 2);
}
