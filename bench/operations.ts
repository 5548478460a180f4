import { createHash } from 'node:crypto';
import { now } from './load/clock.js';
import { encodeArray, encodeString } from './load/resp.js';
import { addressOf, dataOf, dueOf, nameOf, type Shape, tokenOf, ttlOf, valueIn } from './sessions.js';

/** Which commands a server understands: those for sessions, or those of Redis and Valkey. */
export type Dialect = 'respite' | 'redis';

/** A command, and an example of the only correct reply, see `ReplyScanner`. */
type Step = readonly [command: readonly (string | number)[], reply: string];

/**
 * The commands of an operation, sent together. The number is that of a session, a name, or a key of the growing
 * session.
 */
type Steps = (shape: Shape, number: number) => readonly Step[];

/** One operation of an application, the same work on every server. */
export type Operation = Readonly<Record<Dialect, Steps>>;

const OK = '+OK\r\n';
/** Releases a lock if it is still the caller's. */
const RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end";
/** Adds one to a counter, which begins to expire with the first one. Returns whether there were fewer than 10^9. */
const COUNT = `local n = redis.call('incr', KEYS[1])
if n == 1 then redis.call('pexpire', KEYS[1], ARGV[1]) end
return n <= 1e9 and 1 or 0`;
const SCRIPTS = [RELEASE, COUNT];
const LOCK_VALUE = 'l'.repeat(40);
const TOKEN = encodeString('t'.repeat(22));

/** Redis and Valkey have no sessions: a session is a hash, and what one command of respite does takes several. */
export const OPERATIONS = {
  /** Creates a session with a known token. */
  create: {
    respite: (shape, n) => [[newSession(shape, n, 'TOKEN', tokenOf(n)), TOKEN]],
    redis: newHash,
  },
  /** A login. respite generates the token; for Redis the client generates the key. */
  login: {
    respite: (shape, n) => [[newSession(shape, n), TOKEN]],
    redis: newHash,
  },
  logout: {
    respite: (_, n) => [[['SESSION.END', tokenOf(n)], count(1)]],
    redis: (shape, n) => [
      [['DEL', tokenOf(n)], count(1)],
      ...when(shape.indexed, [['SREM', nameOf(shape, n), tokenOf(n)], count(1)]),
    ],
  },
  /**
   * Ends all sessions of a name. An application on Redis has to wait for the reply to SMEMBERS. Here both commands are
   * sent together, which costs the server less.
   */
  logoutEverywhere: {
    respite: (shape, n) => [[['SESSION.ENDNAME', nameOf(shape, n * shape.perName)], count(shape.perName)]],
    redis: (shape, n) => {
      const tokens = Array.from({ length: shape.perName }, (_, index) => tokenOf(n * shape.perName + index));
      const name = nameOf(shape, n * shape.perName);
      return [
        [['SMEMBERS', name], encodeArray(tokens)],
        [['DEL', ...tokens, name], count(shape.perName + 1)],
      ];
    },
  },
  /** Reads one key. Like the next two, it extends the session if the shape says so. */
  read: {
    respite: (shape, n) => [[['SESSION.GET', ...addressOf(shape, n)], encodeString(valueIn(shape))]],
    redis: (shape, n) => [[['HGET', ...addressOf(shape, n)], encodeString(valueIn(shape))], ...extend(shape, n, 'GET')],
  },
  write: {
    respite: (shape, n) => [[['SESSION.SET', ...addressOf(shape, n), valueIn(shape)], OK]],
    redis: (shape, n) => [[['HSET', ...addressOf(shape, n), valueIn(shape)], count(0)], ...extend(shape, n, 'SET')],
  },
  readAll: {
    respite: (shape, n) => [[['SESSION.GETALL', tokenOf(n)], encodeArray(dataOf(shape))]],
    redis: (shape, n) => [[['HGETALL', tokenOf(n)], encodeArray(dataOf(shape))], ...extend(shape, n, 'GET')],
  },
  /** Adds a key to the growing session. */
  addKey: {
    respite: (shape, n) => [[['SESSION.SET', ...addressOf(shape, n), valueIn(shape)], OK]],
    redis: (shape, n) => [[['HSET', ...addressOf(shape, n), valueIn(shape)], count(1)]],
  },
  /** The operations of session middleware on plain keys, the same for every server. */
  setString: same((shape, n) => [[['SET', plainKey(n), valueIn(shape), 'EX', ttlOf(shape, n)], OK]]),
  getString: same((shape, n) => [[['GET', plainKey(n)], encodeString(valueIn(shape))]]),
  /**
   * Lets a session expire when it is due. respite takes a duration, which begins when the request arrives, so few
   * requests must be prepared at a time. Durations and timestamps are whole ms, half a ms from the due time at most.
   */
  expire: {
    respite: (shape, n) => [
      [['SESSION.PEXPIRE', tokenOf(n), Math.max(1, Math.round(dueOf(shape, n) - now()))], count(1)],
    ],
    redis: (shape, n) => [
      [['PEXPIREAT', tokenOf(n), Math.round(dueOf(shape, n) + (shape.due?.unixAhead ?? 0))], count(1)],
    ],
  },
  /** Makes the scripts of the next two operations known. */
  loadScripts: same(() => SCRIPTS.map((script) => [['SCRIPT', 'LOAD', script], encodeString(shaOf(script))])),
  /** Takes a lock and releases it, as redis-py, redlock and Laravel do. */
  lock: same((_, n) => [
    [['SET', lockKey(n), LOCK_VALUE, 'NX', 'PX', 30_000], OK],
    [['EVALSHA', shaOf(RELEASE), 1, lockKey(n), LOCK_VALUE], count(1)],
  ]),
  /** Counts a request, as rate limiters do. */
  rateLimit: same((_, n) => [[['EVALSHA', shaOf(COUNT), 1, `rate:${tokenOf(n)}`, 60_000], count(1)]]),
  ping: same(() => [[['PING'], '+PONG\r\n']]),
} satisfies Record<string, Operation>;

export type OperationName = keyof typeof OPERATIONS;

/** @param tag Put before the key of each command. */
export function requestOf(steps: readonly Step[], tag = ''): string {
  let text = '';
  for (const [[name, key, ...rest]] of steps)
    text += encodeArray(key === undefined ? [name] : [name, tag + key, ...rest]);
  return text;
}

function same(steps: Steps): Operation {
  return { respite: steps, redis: steps };
}

function newSession(shape: Shape, session: number, ...token: readonly string[]): (string | number)[] {
  const extend = shape.extend === 'NONE' ? [] : ['EXTEND', shape.extend];
  const data = shape.keys.length === 0 ? [] : ['DATA', ...dataOf(shape)];
  return ['SESSION.NEW', nameOf(shape, session), ttlOf(shape, session), ...extend, ...token, ...data];
}

function newHash(shape: Shape, n: number): Step[] {
  const name = nameOf(shape, n);
  return [
    [['HSET', tokenOf(n), ...dataOf(shape)], count(shape.keys.length)],
    ...when(shape.ttl > 0, expire(tokenOf(n), shape, n)),
    ...when(shape.indexed, [['SADD', name, tokenOf(n)], count(1)]),
    ...when(shape.indexed, expire(name, shape, n)),
  ];
}

/** Returns the second command of a sliding read or write. */
function extend(shape: Shape, n: number, by: 'GET' | 'SET'): Step[] {
  const [token] = addressOf(shape, n);
  return when(shape.extend === by || shape.extend === 'BOTH', expire(token, shape, n));
}

function expire(key: string, shape: Shape, session: number): Step {
  return [['EXPIRE', key, ttlOf(shape, session)], count(1)];
}

function when(condition: boolean | undefined, step: Step): Step[] {
  return condition ? [step] : [];
}

/** An integer reply. */
function count(number: number): string {
  return `:${number}\r\n`;
}

const shas = new Map<string, string>();

function shaOf(script: string): string {
  const sha = shas.get(script) ?? createHash('sha1').update(script).digest('hex');
  shas.set(script, sha);
  return sha;
}

function lockKey(session: number): string {
  return `lock:${tokenOf(session)}`;
}

function plainKey(session: number): string {
  return `sess:${tokenOf(session)}`;
}
