import { type Request, request } from '../client/connection.js';
import { arrayOf, integerOf } from '../client/replies.js';
import { Sessions } from '../client/sessions.js';
import { transaction } from '../client/transaction.js';
import type { SessionFields } from './session-fields.js';
import { connectOnce, disconnect, type StoreClient } from './store-client.js';

/** What to create in a session's place. */
export interface Renamed {
  /** Its data. */
  readonly fields: SessionFields;
  /** The seconds that are left of its maximum age, if it has one. */
  readonly maxAge: number | undefined;
}

/**
 * Gives a session another name, which is fixed in the server: ends it and creates another in its place. Nobody sees it
 * half done, nothing that others write meanwhile is lost, and it is not brought back if it has been ended.
 *
 * It takes a connection for as long as it runs: what is watched belongs to a connection, and a transaction of anybody
 * else's on it would end the watch.
 *
 * @param token Of the session. @param create What creates the other, of the same token.
 * @throws NoSessionError if there is no such session.
 */
export async function renameSession(
  client: StoreClient,
  token: string,
  create: (renamed: Renamed) => readonly Request[],
): Promise<void> {
  const connection = await connectOnce(client);
  const session = new Sessions(connection).withToken(token);
  try {
    let replies: unknown[] | undefined;
    while (replies === undefined) {
      // If it changes from here on, it is looked at again.
      await request(connection, 'WATCH', token);
      const [info, fields, time] = await Promise.all([session.info(), session.getAll(), request(connection, 'TIME')]);
      const [seconds, microseconds] = arrayOf(time, integerOf);
      const age = seconds + microseconds / 1e6 - info.created / 1000;
      const maxAge = info.maxAge === 0 ? undefined : Math.max(1, Math.floor(info.maxAge - age));
      const created = create({ fields: new Map(Object.entries(fields)), maxAge });
      replies = await transaction(connection, [['SESSION.END', token], ...created]);
    }
  } finally {
    await disconnect(connection);
  }
}
