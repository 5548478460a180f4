import { arrayOf, integerOf, type Request, request, Sessions, transaction } from '../client/index.js';
import type { SessionFields } from '../field-changes.js';
import { connectOnce, disconnect, type StoreClient } from './store-client.js';

/** The session to create in place of the old one. */
interface Renamed {
  /** Its data. */
  readonly fields: SessionFields;
  /** The remaining seconds of its maximum age, if it has one. */
  readonly maxAge: number | undefined;
}

/**
 * Renames a session. The server cannot change a session's name, so this ends the session and creates another one in its
 * place, with the same token. Other clients never see a state in between, their concurrent writes are not lost, and a
 * session that has ended is not created again.
 *
 * This opens a separate connection while it runs: WATCH belongs to a connection, and any other transaction on the same
 * connection would end the watch.
 *
 * @param create Returns the requests that create the new session with the same token.
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
      // If the session changes from here on, the transaction fails and the loop runs again.
      await request(connection, 'WATCH', token);
      const [info, fields, time] = await Promise.all([session.info(), session.getAll(), request(connection, 'TIME')]);
      const [seconds, microseconds] = arrayOf(time, integerOf) as [number, number];
      const age = seconds + microseconds / 1e6 - info.created / 1000;
      const maxAge = info.maxAge === 0 ? undefined : Math.max(1, Math.floor(info.maxAge - age));
      const created = create({ fields: new Map(Object.entries(fields)), maxAge });
      replies = await transaction(connection, [['SESSION.END', token], ...created]);
    }
  } finally {
    await disconnect(connection);
  }
}
