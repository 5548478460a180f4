import { type KeyName, NO_SESSION } from '../../engine/index.js';
import type { Context } from '../../execution/context/context.js';
import { isKey, makeKey } from '../keys/lookup.js';
import type { SET, SORTED_SET } from './collection.js';
import type { Copies } from './copies.js';

/** What summaries say of commands that call `storeResult`. */
export const REPLACES = 'Replaces a value of any type. If the result is empty, removes the key.';

/**
 * Stores the members that a command has found in a key, whatever it was before, and replies how many there are. The key
 * then never expires. Without members, ends the key.
 * @param data Alternating members and values, as for `SessionData.replaceWith`.
 * @param event Of the keyspace.
 */
export function storeResult(
  { engine, reply, server }: Context,
  { kind, event: letter }: typeof SET | typeof SORTED_SET,
  key: KeyName,
  data: Copies,
  event: string,
): void {
  let session = engine.findShared(key);
  if (data.count === 0) {
    if (isKey(engine, session)) engine.end(session);
  } else {
    if (session === NO_SESSION) {
      const [member, value] = data;
      session = makeKey(engine, key, { kind, data: [member, value] });
    }
    engine.data.replaceWith(session, kind, data);
    if (engine.duration(session) > 0) engine.setDuration(session, 0);
    server.keyspaceEvents.notify(letter, event, key);
  }
  reply.integer(data.count / 2);
}
