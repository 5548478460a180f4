import { checkFlag, checkNoOtherOptions, checkText, checkWhole, MAX_SECONDS } from './argument-checks.js';
import { type Bytes, checkConnection, type RedisConnection, request } from './connection.js';
import { type Fields, flatten } from './fields.js';
import { arrayOf, integerOf, pairsOf, textOf } from './replies.js';
import { Session } from './session.js';

/** How a session is to be. */
export interface CreateOptions {
  /** Its duration in whole seconds, to 2147483647. 0 or left out: it never expires. */
  readonly ttl?: number;
  /** Whether its expiry ends it (if left out, too), or only removes its data. */
  readonly deleteSession?: boolean;
  /** Its token follows from its name, so that whoever knows the name can `open` it. Not with `limit` or `token`. */
  readonly shared?: boolean;
  /** Which commands on its data start its duration again. Needs a `ttl`. */
  readonly extend?: 'get' | 'set' | 'both';
  /** It is ended after so many whole seconds, from 1 to 2147483647, however often it was extended. */
  readonly maxAge?: number;
  /** How many sessions may bear the name, from 1; when there are more, the oldest are ended. */
  readonly limit?: number;
  /** A token of the caller's making: 128 random bits as 22 characters of base64url. */
  readonly token?: string;
  /** What it starts with. */
  readonly data?: Fields;
}

/**
 * Sessions of a respite server, over a connection that the user has: of ioredis 5 or 6, of node-redis 4 to 6.
 *
 *     const sessions = new Sessions(redis);
 *     const session = await sessions.create('user:42', { ttl: 1800, extend: 'get' });
 *     await session.set({ cart: 'pizza' });
 *
 * What is refused or fails throws a RequestError, which never says a token.
 */
export class Sessions {
  readonly #connection: RedisConnection;

  /** @throws TypeError unless it is a connection that can send a command. */
  constructor(connection: RedisConnection) {
    checkConnection(connection);
    this.#connection = connection;
  }

  /**
   * Creates a session.
   * @param name What it is for: 1 to 512 bytes. Many sessions may bear one name.
   * @throws RequestError with code SESSIONEXISTS if there is one of that token, or a shared one of that name; TypeError or RangeError if an
   *   option is none that it can have.
   */
  async create(name: Bytes, options: CreateOptions = {}): Promise<Session> {
    return new Session(this.#connection, textOf(await request(this.#connection, ...newRequest(name, options))));
  }

  /**
   * The live shared session of a name.
   * @throws NoSessionError if there is none, RequestError with code NOTSHARED if only unshared ones bear the name.
   */
  async open(name: Bytes): Promise<Session> {
    return new Session(this.#connection, textOf(await request(this.#connection, 'SESSION.OPEN', name)));
  }

  /** The session of a token, whether there is one or not: nothing is asked. `@name` means the shared one of a name. */
  withToken(token: string): Session {
    return new Session(this.#connection, token);
  }

  /** Ends sessions. Returns how many there were. */
  async end(...tokens: [string, ...string[]]): Promise<number> {
    return integerOf(await request(this.#connection, 'SESSION.END', ...tokens));
  }

  /** Ends every session of a name: "log out everywhere". Returns how many there were. */
  async endName(name: Bytes): Promise<number> {
    return integerOf(await request(this.#connection, 'SESSION.ENDNAME', name));
  }

  /** The tokens of a name's sessions, oldest first. With named users it takes the right `admin`. */
  async tokens(name: Bytes): Promise<string[]> {
    return arrayOf(await request(this.#connection, 'SESSION.TOKENS', name), textOf);
  }

  /** How many of these exist; one that is given twice counts twice. */
  async exists(...tokens: [string, ...string[]]): Promise<number> {
    return integerOf(await request(this.#connection, 'SESSION.EXISTS', ...tokens));
  }

  /** Starts the running durations of sessions again. Returns how many. */
  async touch(...tokens: [string, ...string[]]): Promise<number> {
    return integerOf(await request(this.#connection, 'SESSION.TOUCH', ...tokens));
  }

  /**
   * All sessions, some at a time: each that is alive throughout at least once. With named users it takes the right
   * `admin`.
   * @param options.match A glob pattern of names. @param options.count How many the server looks at in one go.
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

/** SESSION.NEW with its arguments. @throws TypeError or RangeError if an option is none that it can have. */
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
