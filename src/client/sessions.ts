import { checkFlag, checkNoOtherOptions, checkText, checkTexts, checkWhole, MAX_SECONDS } from '../argument-checks.js';
import { type Bytes, checkConnection, type RedisConnection, request } from './connection.js';
import { type Fields, flatten } from './fields.js';
import { type ListedSession, listedSessionOf } from './listed-session.js';
import { arrayOf, integerOf, pairsOf, textOf } from './replies.js';
import { Session } from './session.js';

/** Properties of a new session. */
export interface CreateOptions {
  /** Duration in whole seconds, up to 2147483647. 0 or omitted: the session never expires. */
  readonly ttl?: number;
  /** Whether the session ends when it expires (the default). Otherwise only its data is removed. */
  readonly deleteSession?: boolean;
  /**
   * Derives the token from the name, so anyone who knows the name can `open` the session. Not with `limit` or `token`.
   */
  readonly shared?: boolean;
  /** Which operations on the data restart the duration. Requires a `ttl`. */
  readonly extend?: 'get' | 'set' | 'both';
  /**
   * Ends the session after this many whole seconds, from 1 to 2147483647, however often its duration was restarted.
   */
  readonly maxAge?: number;
  /** The most sessions that may have this name, at least 1. If there are more, the oldest are ended. */
  readonly limit?: number;
  /** A token that the caller generated: 128 random bits as 22 characters of base64url. */
  readonly token?: string;
  /** The initial data. */
  readonly data?: Fields;
}

/**
 * The sessions of a respite server, over the user's own connection of ioredis 5 or 6, or of node-redis 4 to 6.
 *
 *     const sessions = new Sessions(redis);
 *     const session = await sessions.create('user:42', { ttl: 1800, extend: 'get' });
 *     await session.set({ cart: 'pizza' });
 *
 * If a command is refused or fails, methods throw a RequestError, which never contains a token.
 */
export class Sessions {
  readonly #connection: RedisConnection;

  /** @throws TypeError if the connection cannot send commands. */
  constructor(connection: RedisConnection) {
    checkConnection(connection);
    this.#connection = connection;
  }

  /**
   * Creates a session.
   * @param name What the session is for, 1 to 512 bytes. Many sessions may have the same name.
   * @throws RequestError with code SESSIONEXISTS if the token, or a shared session of that name, exists already.
   * @throws TypeError or RangeError if an option is invalid.
   */
  async create(name: Bytes, options: CreateOptions = {}): Promise<Session> {
    return new Session(this.#connection, textOf(await request(this.#connection, ...newRequest(name, options))));
  }

  /**
   * Opens the shared session of a name.
   * @throws NoSessionError if no session has the name, RequestError with code NOTSHARED if only unshared sessions have
   *   it.
   */
  async open(name: Bytes): Promise<Session> {
    return new Session(this.#connection, textOf(await request(this.#connection, 'SESSION.OPEN', name)));
  }

  /**
   * Returns a session object for a token without asking the server whether it exists. `@name` stands for the shared
   * session of that name.
   */
  withToken(token: string): Session {
    return new Session(this.#connection, token);
  }

  /** Ends sessions. Returns how many existed. */
  async end(...tokens: [string, ...string[]]): Promise<number> {
    return integerOf(await request(this.#connection, 'SESSION.END', ...tokens));
  }

  /** Ends every session of a name ("log out everywhere"). Returns how many there were. */
  async endName(name: Bytes): Promise<number> {
    return integerOf(await request(this.#connection, 'SESSION.ENDNAME', name));
  }

  /**
   * Lists a name's sessions, page by page, oldest first, without their tokens. A session that exists throughout is
   * returned exactly once. Nothing is extended.
   * @param options.keys The keys whose values to return.
   * @param options.count The most sessions per page, at least 1. The server returns at most 1000.
   */
  async *list<Key extends string = never>(
    name: Bytes,
    { keys = [], count = 100 }: { readonly keys?: readonly Key[]; readonly count?: number } = {},
  ): AsyncGenerator<ListedSession<Key>[], void> {
    checkTexts('keys', keys);
    checkWhole('count', count, 1, MAX_SECONDS);
    const values = keys.length === 0 ? [] : ['KEYS', ...keys];
    let cursor = '0';
    do {
      const list = ['SESSION.LIST', name, 'CURSOR', cursor, 'COUNT', String(count), ...values] as const;
      const [next, found] = (await request(this.#connection, ...list)) as [unknown, unknown];
      yield arrayOf(found, listedSessionOf<Key>);
      cursor = textOf(next);
    } while (cursor !== '0');
  }

  /**
   * Ends those sessions of a name that have one of the ids. Returns how many there were.
   * @param ids Ids that `list` or `Session.id` returned. There may be none.
   */
  async endById(name: Bytes, ids: readonly string[]): Promise<number> {
    checkTexts('ids', ids);
    if (ids.length === 0) return 0;
    return integerOf(await request(this.#connection, 'SESSION.ENDID', name, ...ids));
  }

  /**
   * Returns the tokens of a name's sessions, oldest first. If the server has named users, this requires the
   * permission `admin`.
   */
  async tokens(name: Bytes): Promise<string[]> {
    return arrayOf(await request(this.#connection, 'SESSION.TOKENS', name), textOf);
  }

  /** Returns how many of these sessions exist. A token given twice counts twice. */
  async exists(...tokens: [string, ...string[]]): Promise<number> {
    return integerOf(await request(this.#connection, 'SESSION.EXISTS', ...tokens));
  }

  /** Restarts the durations of sessions. Returns how many sessions had a running duration. */
  async touch(...tokens: [string, ...string[]]): Promise<number> {
    return integerOf(await request(this.#connection, 'SESSION.TOUCH', ...tokens));
  }

  /**
   * Iterates over all sessions, page by page. A session that exists throughout the scan is returned at least once.
   * If the server has named users, this requires the permission `admin`.
   * @param options.match A glob pattern for names.
   * @param options.count How many sessions the server examines per page.
   */
  async *scan({ match = '*', count = 100 } = {}): AsyncGenerator<{ token: string; name: string }[], void> {
    checkText('match', match);
    checkWhole('count', count, 1, Number.MAX_SAFE_INTEGER);
    let cursor = '0';
    do {
      const scan = ['SESSION.SCAN', cursor, 'MATCH', match, 'COUNT', String(count)] as const;
      const [next, found] = (await request(this.#connection, ...scan)) as [unknown, unknown[]];
      yield pairsOf(found).map(([token, name]) => ({ token: textOf(token), name: textOf(name) }));
      cursor = textOf(next);
    } while (cursor !== '0');
  }
}

const CREATE_OPTIONS = ['ttl', 'deleteSession', 'shared', 'extend', 'maxAge', 'limit', 'token', 'data'];

/**
 * Returns SESSION.NEW with its arguments.
 * @throws TypeError or RangeError if an option is invalid.
 */
export function newRequest(name: Bytes, options: CreateOptions): [command: string, ...args: Bytes[]] {
  const { ttl, deleteSession, shared, extend, maxAge, limit, token, data, ...others } = options;
  checkNoOtherOptions(others, CREATE_OPTIONS);
  const fields = data === undefined ? [] : flatten(data);
  if (ttl !== undefined) checkWhole('ttl', ttl, 0, MAX_SECONDS);
  if (deleteSession !== undefined) checkFlag('deleteSession', deleteSession);
  if (shared !== undefined) checkFlag('shared', shared);
  if (maxAge !== undefined) checkWhole('maxAge', maxAge, 1, MAX_SECONDS);
  if (limit !== undefined) checkWhole('limit', limit, 1, Number.MAX_SAFE_INTEGER);
  return [
    'SESSION.NEW',
    name,
    ...(ttl === undefined && deleteSession === undefined ? [] : [String(ttl ?? 0)]),
    ...(deleteSession === undefined ? [] : [deleteSession ? '1' : '0']),
    ...(shared ? ['SHARED'] : []),
    ...(extend === undefined ? [] : ['EXTEND', extend]),
    ...(maxAge === undefined ? [] : ['MAXAGE', String(maxAge)]),
    ...(limit === undefined ? [] : ['LIMIT', String(limit)]),
    ...(token === undefined ? [] : ['TOKEN', token]),
    ...(fields.length === 0 ? [] : ['DATA', ...fields]),
  ];
}
