import { now, wallClockAhead } from './load/clock.js';
import { encodeRequest } from './load/resp.js';
import { dataOf, dueOf, keyInUse, keyName, nameOf, type Shape, tokenOf, ttlOf, valueIn } from './sessions.js';

/** Which commands a server understands: those for sessions, or those of Redis and Valkey. */
export type Dialect = 'respite' | 'redis';

/** How one operation of an application is requested from a server. */
export interface Exchange {
  /** @param number The number of the session, of the key of the growing session, or of the name. */
  request(number: number): string;
  /** The first lines of the only correct replies, see `ReplyScanner`. */
  readonly replies: readonly string[];
}

/** One operation of an application, the same work on every server. */
export type Operation = Readonly<Record<Dialect, (shape: Shape) => Exchange>>;

/** A command, as a function of a number, and the first line of its reply. */
type Step = readonly [command: (number: number) => readonly (string | number)[], reply: string];

/** Redis and Valkey have no sessions: a session is a hash, and what one command of respite does takes several, sent together. */
export const OPERATIONS = {
  /** Creates a session with a known token. */
  create: {
    respite: (shape) => exchange([(n) => [...newSession(shape, n, 'TOKEN', tokenOf(n))], '$22']),
    redis: createHash,
  },
  /** A login. respite generates the token; for Redis the client generates the key. */
  login: {
    respite: (shape) => exchange([(n) => newSession(shape, n), '$22']),
    redis: createHash,
  },
  logout: {
    respite: () => exchange([(n) => ['SESSION.END', tokenOf(n)], ':1']),
    redis: (shape) =>
      exchange(
        [(n) => ['DEL', tokenOf(n)], ':1'],
        ...when(shape.indexed, [(n) => ['SREM', nameOf(shape, n), tokenOf(n)], ':1']),
      ),
  },
  /**
   * Ends all sessions of a name. An application on Redis has to wait for the reply to SMEMBERS. Here both commands are
   * sent together, which costs the server less.
   */
  logoutEverywhere: {
    respite: (shape) => exchange([(n) => ['SESSION.ENDNAME', nameOf(shape, n * shape.perName)], `:${shape.perName}`]),
    redis: (shape) => {
      const { perName } = shape;
      const tokens = (n: number) => Array.from({ length: perName }, (_, index) => tokenOf(n * perName + index));
      return exchange(
        [(n) => ['SMEMBERS', nameOf(shape, n * perName)], `*${perName}`],
        [(n) => ['DEL', ...tokens(n), nameOf(shape, n * perName)], `:${perName + 1}`],
      );
    },
  },
  /** Reads one key. Like all that follow, it extends the session if the shape says so. */
  read: {
    respite: (shape) => exchange([(n) => ['SESSION.GET', tokenOf(n), keyInUse(shape)], `$${shape.valueLength}`]),
    redis: (shape) =>
      exchange([(n) => ['HGET', tokenOf(n), keyInUse(shape)], `$${shape.valueLength}`], ...extending(shape, 'GET')),
  },
  write: {
    respite: (shape) => exchange([(n) => ['SESSION.SET', tokenOf(n), keyInUse(shape), valueIn(shape)], '+OK']),
    redis: (shape) =>
      exchange([(n) => ['HSET', tokenOf(n), keyInUse(shape), valueIn(shape)], ':0'], ...extending(shape, 'SET')),
  },
  readAll: {
    respite: (shape) => exchange([(n) => ['SESSION.GETALL', tokenOf(n)], `*${shape.keys.length * 2}`]),
    redis: (shape) =>
      exchange([(n) => ['HGETALL', tokenOf(n)], `*${shape.keys.length * 2}`], ...extending(shape, 'GET')),
  },
  /** The next three use the keys of session 0. */
  addKey: {
    respite: (shape) => exchange([(key) => ['SESSION.SET', tokenOf(0), keyName(key), valueIn(shape)], '+OK']),
    redis: (shape) => exchange([(key) => ['HSET', tokenOf(0), keyName(key), valueIn(shape)], ':1']),
  },
  readKey: {
    respite: (shape) => exchange([(key) => ['SESSION.GET', tokenOf(0), keyName(key)], `$${shape.valueLength}`]),
    redis: (shape) =>
      exchange(
        [(key) => ['HGET', tokenOf(0), keyName(key)], `$${shape.valueLength}`],
        expire(shape, () => tokenOf(0)),
      ),
  },
  writeKey: {
    respite: (shape) => exchange([(key) => ['SESSION.SET', tokenOf(0), keyName(key), valueIn(shape)], '+OK']),
    redis: (shape) =>
      exchange(
        [(key) => ['HSET', tokenOf(0), keyName(key), valueIn(shape)], ':0'],
        expire(shape, () => tokenOf(0)),
      ),
  },
  /** The operations of session middleware on plain keys, the same for every server. */
  setString: same((shape) => exchange([(n) => ['SET', plainKey(n), valueIn(shape), 'EX', ttlOf(shape, n)], '+OK'])),
  getString: same((shape) => exchange([(n) => ['GET', plainKey(n)], `$${shape.valueLength}`])),
  /**
   * Lets a session expire when it is due. respite takes a duration, which begins when the request arrives, so few
   * requests must be prepared at a time. Durations and timestamps are whole ms, half a ms from the due time at most.
   */
  expire: {
    respite: (shape) =>
      exchange([(n) => ['SESSION.PEXPIRE', tokenOf(n), Math.max(1, Math.round(dueOf(shape, n) - now()))], ':1']),
    redis: (shape) => {
      const ahead = wallClockAhead();
      return exchange([(n) => ['PEXPIREAT', tokenOf(n), Math.round(dueOf(shape, n) + ahead)], ':1']);
    },
  },
  ping: same(() => exchange([() => ['PING'], '+PONG'])),
} satisfies Record<string, Operation>;

export type OperationName = keyof typeof OPERATIONS;

function exchange(...steps: readonly Step[]): Exchange {
  return {
    request(number) {
      let text = '';
      for (const [command] of steps) text += encodeRequest(...command(number));
      return text;
    },
    replies: steps.map(([, reply]) => reply),
  };
}

function same(operation: (shape: Shape) => Exchange): Operation {
  return { respite: operation, redis: operation };
}

function newSession(shape: Shape, session: number, ...token: readonly string[]): (string | number)[] {
  const extend = shape.extend === 'NONE' ? [] : ['EXTEND', shape.extend];
  const data = shape.keys.length === 0 ? [] : ['DATA', ...dataOf(shape)];
  return ['SESSION.NEW', nameOf(shape, session), ttlOf(shape, session), ...extend, ...token, ...data];
}

function createHash(shape: Shape): Exchange {
  const data = dataOf(shape);
  return exchange(
    [(n) => ['HSET', tokenOf(n), ...data], `:${shape.keys.length}`],
    ...when(shape.ttl > 0, expire(shape, tokenOf)),
    ...when(shape.indexed, [(n) => ['SADD', nameOf(shape, n), tokenOf(n)], ':1']),
    ...when(
      shape.indexed,
      expire(shape, (n) => nameOf(shape, n)),
    ),
  );
}

/** Returns the second command of a sliding read or write. */
function extending(shape: Shape, by: 'GET' | 'SET'): Step[] {
  return when(shape.extend === by || shape.extend === 'BOTH', expire(shape, tokenOf));
}

function expire(shape: Shape, key: (number: number) => string): Step {
  return [(n) => ['EXPIRE', key(n), ttlOf(shape, n)], ':1'];
}

function when(condition: boolean | undefined, step: Step): Step[] {
  return condition ? [step] : [];
}

function plainKey(session: number): string {
  return `sess:${tokenOf(session)}`;
}
