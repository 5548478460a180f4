import { checkClient, checkNoOtherOptions, checkText } from '../argument-checks.js';
import {
  integerOf,
  NoSessionError,
  request,
  Sessions,
  type TransactionClient,
  textOrNullOf,
  transaction,
} from '../client/index.js';
import { derivedToken } from '../derived-token.js';
import { type StoredSession, storedSessionOf } from './stored-session.js';
import { YoungSessions } from './young-sessions.js';

/** A client of ioredis 5 or 6, or of node-redis 4 to 6, connected to a respite server. */
export type StorageClient = TransactionClient;

export interface RespiteStorageOptions {
  readonly client: StorageClient;
  /** The prefix of all names and keys. Default: `better-auth:`. */
  readonly prefix?: string;
}

/** A device on which a user is logged in. */
export interface Device {
  /** Identifies the session among those of the user. It is not a credential, so the user may see it. */
  readonly id: string;
  /** When the user logged in, in Unix ms. */
  readonly created: number;
  /** In Unix ms, to a tenth of a second. Undefined if the session has not been used since the server started. */
  readonly lastUsed: number | undefined;
  readonly ipAddress: string;
  readonly userAgent: string;
}

/**
 * The functions that better-auth calls, and those with which an application handles devices. They can be called without
 * `this`.
 */
export interface RespiteStorage {
  get(key: string): Promise<string | null>;
  getAndDelete(key: string): Promise<string | null>;
  /** Adds one. @param ttl How long a new counter lives, in seconds. */
  increment(key: string, ttl: number): Promise<number>;
  /** @param ttl In seconds. Without one, the value stays. */
  set(key: string, value: string, ttl?: number): Promise<void>;
  delete(key: string): Promise<void>;
  /** Returns the sessions of a user, oldest first. */
  listDevices(userId: string): Promise<Device[]>;
  /** Returns the id that a session has in `listDevices`. @throws NoSessionError if it has ended. */
  deviceId(sessionToken: string): Promise<string>;
  /** Ends those sessions of a user that have one of the ids. Returns how many there were. */
  endDevices(userId: string, ids: readonly string[]): Promise<number>;
}

/** The key under which better-auth keeps the list of a user's sessions. Here, the server keeps the list. */
const LIST = /^active-sessions-(.+)$/s;

/** The form of better-auth's session tokens. */
const TOKEN = /^[A-Za-z0-9]{32}$/;

/**
 * Keeps better-auth's sessions as sessions of respite, and everything else as plain keys:
 *
 *     export const auth = betterAuth({ secondaryStorage: respiteStorage({ client: redis }) });
 *
 * - A session that has been revoked stays revoked. A request that refreshes it at the same time cannot write it again.
 * - The server keeps the list of a user's sessions, so parallel logins cannot lose an entry.
 * - Sessions have the name `better-auth:user:ID`. Ending all sessions with this name logs the user out.
 *
 * @throws TypeError if an option is invalid.
 */
export function respiteStorage(options: RespiteStorageOptions): RespiteStorage {
  const { client, prefix = 'better-auth:', ...others } = options;
  checkNoOtherOptions(others, ['client', 'prefix']);
  checkText('prefix', prefix);
  checkClient(client, 'respiteStorage({ client: redis })');
  const sessions = new Sessions(client);
  const young = new YoungSessions(Date.now);
  const nameOf = (userId: string) => `${prefix}user:${userId}`;
  const keyOf = (key: string) => prefix + key;

  /** Returns the value that better-auth has stored for a session, or null. */
  async function readSession(token: string): Promise<string | null> {
    let value: string | null;
    try {
      value = await sessions.withToken(derivedToken(token)).get('value');
    } catch (error) {
      if (error instanceof NoSessionError) return null;
      throw error;
    }
    const session = value === null ? undefined : storedSessionOf(token, value);
    if (session !== undefined) young.note(token, session.createdAt);
    return value;
  }

  async function writeSession(key: string, value: string, session: StoredSession, ttl: number): Promise<void> {
    const token = derivedToken(key);
    const { userId, createdAt, expiresAt, ipAddress, userAgent } = session;
    const data = { value, token: key, expiresAt, ipAddress, userAgent };
    const fields = Object.entries(data).flatMap(([name, text]) => [name, String(text)]);
    try {
      await transaction(client, [
        ['SESSION.CLEARSET', token, ...fields],
        ['SESSION.EXPIRE', token, String(ttl)],
      ]);
    } catch (error) {
      if (!(error instanceof NoSessionError)) throw error;
      // Unless the session is new, it has been revoked or has expired, and must not come back.
      if (young.isNew(key, createdAt)) await sessions.create(nameOf(userId), { ttl, token, data });
    }
    young.note(key, createdAt);
  }

  /** Returns a user's sessions as better-auth lists them: their tokens, and when they expire in Unix ms. */
  async function listSessions(userId: string): Promise<string | null> {
    const listed: { token: string | null; expiresAt: number }[] = [];
    for await (const page of sessions.list(nameOf(userId), { keys: ['token', 'expiresAt'] })) {
      for (const { values } of page) listed.push({ token: values.token, expiresAt: Number(values.expiresAt) });
    }
    return listed.length === 0 ? null : JSON.stringify(listed);
  }

  return {
    async get(key) {
      const userId = LIST.exec(key)?.[1];
      if (userId !== undefined) return listSessions(userId);
      const session = TOKEN.test(key) ? await readSession(key) : null;
      return session ?? textOrNullOf(await request(client, 'GET', keyOf(key)));
    },

    async getAndDelete(key) {
      // better-auth takes only verifications in this way, never sessions.
      return textOrNullOf(await request(client, 'GETDEL', keyOf(key)));
    },

    async increment(key, ttl) {
      const added = await transaction(client, [
        ['INCR', keyOf(key)],
        ['EXPIRE', keyOf(key), String(ttl), 'NX'],
      ]);
      return integerOf(added?.[0]);
    },

    async set(key, value, ttl = 0) {
      // The server keeps the list.
      if (LIST.test(key)) return;
      const session = TOKEN.test(key) ? storedSessionOf(key, value) : undefined;
      const seconds = Math.max(0, Math.ceil(ttl));
      if (session !== undefined) return writeSession(key, value, session, seconds);
      await request(client, 'SET', keyOf(key), value, ...(seconds > 0 ? ['EX', String(seconds)] : []));
    },

    async delete(key) {
      if (LIST.test(key)) return;
      if (TOKEN.test(key)) await sessions.end(derivedToken(key));
      await request(client, 'DEL', keyOf(key));
    },

    async listDevices(userId) {
      const devices: Device[] = [];
      for await (const page of sessions.list(nameOf(userId), { keys: ['ipAddress', 'userAgent'] })) {
        for (const { id, created, lastUsed, values } of page) {
          devices.push({
            id,
            created,
            lastUsed,
            ipAddress: values.ipAddress ?? '',
            userAgent: values.userAgent ?? '',
          });
        }
      }
      return devices;
    },

    deviceId: (sessionToken) => sessions.withToken(derivedToken(sessionToken)).id(),
    endDevices: (userId, ids) => sessions.endById(nameOf(userId), ids),
  };
}
