import { type Chooser, LEX_KEY } from './chooser.js';
import {
  counted,
  drawnField,
  drawnKey,
  drawnMember,
  memberPages,
  milliseconds,
  object,
  page,
  pages,
  pairs,
  type Same,
  scoredPages,
  seconds,
  unordered,
} from './sameness.js';
import { aboutScripts, evaluated, evaluatedBySha } from './scripts.js';

export interface Row {
  readonly name: string;
  /** Chooses the arguments. */
  readonly words: (choose: Chooser) => readonly string[];
  /** Whether two different replies are acceptable. Without it, they must be equal. */
  readonly same?: Same;
  /** A request to send just before, whose reply helps to check this one. */
  readonly before?: (words: readonly string[]) => readonly string[];
}

const EXPIRE_CONDITIONS = [['NX'], ['XX'], ['GT'], ['LT']] as const;
const allOf = ([, key = '']: readonly string[]) => ['HGETALL', key];

const membersOf = ([, key = '']: readonly string[]) => ['SMEMBERS', key];
const scoresOf = ([, key = '']: readonly string[]) => ['ZRANGE', key, '0', '-1', 'WITHSCORES'];
/** The keys of a request that says how many there are, mostly the right number. */
const withNumber = (c: Chooser, keys: readonly string[]) => [
  c.random.chance(0.9) ? String(keys.length) : c.random.pick(['0', '-1', '1', '9', 'x', '']),
  ...keys,
];
/** The arguments of ZUNION and ZINTER after the destination, mostly without options. */
const combined = (c: Chooser, isStoring: boolean) => {
  const keys = c.someKeys();
  const weights = Array.from({ length: c.random.chance(0.9) ? keys.length : 1 }, () => () => c.score());
  return [
    ...withNumber(c, keys),
    ...c.options(
      0.2,
      ['WEIGHTS', ...weights],
      ['AGGREGATE', () => c.random.pick(['SUM', 'min', 'MAX', 'AVG'])],
      ...(isStoring && c.random.chance(0.9) ? [] : [['WITHSCORES'] as const]),
    ),
  ];
};
const SCAN_OPTIONS = (c: Chooser) => c.options(0.3, ['MATCH', () => c.pattern()], ['COUNT', () => c.effort()]);
const LIMIT = (c: Chooser) =>
  [
    'LIMIT',
    () => c.random.pick(['0', '0', '1', '2', '-1', 'x']),
    () => c.random.pick(['-1', '1', '2', '0', 'x']),
  ] as const;

/** The commands to compare. To add one, add a row. */
export const COMMANDS: readonly Row[] = [
  {
    name: 'ACL',
    words: (c) =>
      c.random.pick([
        [],
        ['WHOAMI'],
        ['whoami', 'x'],
        ['USERS'],
        ['GETUSER'],
        ['GETUSER', 'nobody'],
        ['CAT', 'nothing'],
        ['CAT', ''],
        ['LIST', 'x'],
        ['LOG', 'x'],
        ['LOG', 'RESET'],
        ['LOG', '1', '2'],
        ['DRYRUN', 'default', 'GET', 'k'],
        ['DRYRUN', 'nobody', 'GET', 'k'],
        ['DRYRUN', 'default', 'NOPE', 'k'],
        ['DRYRUN', 'default', 'GET', 'k', 'l'],
      ]),
  },
  { name: 'APPEND', words: (c) => [c.key(), c.value()] },
  { name: 'ASKING', words: () => [] },
  { name: 'AUTH', words: (c) => c.random.pick([[], ['x'], ['default', 'x'], ['a', 'b', 'c']]) },
  // TRACKING ON would send messages between the replies: test/server/tracking.test.ts.
  {
    name: 'CLIENT',
    words: (c) =>
      c.random.pick([
        ['CACHING', 'YES'],
        ['GETREDIR'],
        ['TRACKINGINFO'],
        ['TRACKING', 'OFF'],
        ['TRACKING', 'MAYBE'],
        ['UNBLOCK', '999999'],
        ['UNBLOCK', 'x'],
        ['UNBLOCK', '999999', 'NOW'],
        ['UNBLOCK', '999999', 'ERROR', 'x'],
        ['PAUSE', '0', 'WRITE'],
        ['PAUSE', 'x', 'READ'],
        ['PAUSE', '0', 'ALL', 'x'],
        ['UNPAUSE'],
        ['NO-EVICT', 'OFF'],
        ['SETNAME', 'a b'],
        ['GETNAME'],
        ['KILL', 'ID', '999999'],
        ['KILL', 'ID', 'x'],
        ['LIST', 'ID', 'x'],
      ]),
  },
  {
    name: 'CLUSTER',
    words: (c) =>
      c.random.pick([
        ['INFO'],
        ['SLOTS'],
        ['SHARDS'],
        ['NODES'],
        ['MYID'],
        ['KEYSLOT', 'a'],
        ['COUNTKEYSINSLOT', '1'],
        ['MEET', 'localhost', '7000'],
        ['RESET'],
        [],
      ]),
  },
  {
    name: 'CONFIG',
    words: (c) =>
      c.random.pick([
        [],
        ['REWRITE'],
        ['rewrite', 'x'],
        ['GET', 'timeout', 'tcp-keepalive', 'TIME???'],
        ['SET', 'timeout', '0', 'tcp-keepalive', '300'],
        ['SET', 'timeout', '0', 'nope', '1'],
        ['SET', 'timeout', 'x', 'nope', '1'],
        ['SET', 'timeout', '0', 'timeout', '0'],
        ['SET', 'timeout', '0', 'tcp-keepalive'],
      ]),
    same: pairs,
  },
  {
    name: 'COPY',
    words: (c) => [c.key(), c.key(), ...c.options(0.3, ['REPLACE'], ['DB', () => c.database()])],
  },
  { name: 'DBSIZE', words: () => [], same: counted },
  { name: 'DECR', words: (c) => [c.key()] },
  { name: 'DECRBY', words: (c) => [c.key(), c.integer()] },
  { name: 'DEL', words: (c) => c.someKeys() },
  { name: 'EVAL', words: evaluated },
  { name: 'EVALSHA', words: evaluatedBySha },
  { name: 'EVALSHA_RO', words: evaluatedBySha },
  { name: 'EVAL_RO', words: evaluated },
  { name: 'SCRIPT', words: aboutScripts },
  { name: 'EXISTS', words: (c) => c.someKeys() },
  { name: 'EXPIRE', words: (c) => [c.key(), c.seconds(), ...c.options(0.15, ...EXPIRE_CONDITIONS)] },
  { name: 'EXPIREAT', words: (c) => [c.key(), c.unixSeconds(), ...c.options(0.15, ...EXPIRE_CONDITIONS)] },
  { name: 'EXPIRETIME', words: (c) => [c.key()], same: seconds },
  {
    name: 'FAILOVER',
    words: (c) =>
      c.random.pick([
        [],
        ['ABORT'],
        ['TO', 'localhost', '1'],
        ['TO', 'localhost', 'x'],
        ['TIMEOUT', '0'],
        ['FORCE', 'FORCE'],
      ]),
  },
  { name: 'FCALL', words: (c) => c.random.pick([['f', '0'], ['f']]) },
  { name: 'FLUSHDB', words: (c) => c.options(0.3, ['ASYNC'], ['SYNC']) },
  {
    name: 'FUNCTION',
    words: (c) =>
      c.random.pick([
        ['FLUSH'],
        ['FLUSH', 'ASYNC'],
        ['FLUSH', 'x'],
        ['FLUSH', 'x', 'y'],
        ['LIST'],
        ['LIST', 'WITHCODE', 'LIBRARYNAME', 'x'],
        ['LIST', 'LIBRARYNAME'],
        ['LIST', 'WITHCODE', 'WITHCODE'],
        ['STATS'],
        ['KILL'],
        ['DELETE', 'x'],
        ['DUMP'],
      ]),
  },
  { name: 'GET', words: (c) => [c.key()] },
  { name: 'GETDEL', words: (c) => [c.key()] },
  {
    name: 'GETEX',
    words: (c) => [
      c.key(),
      ...c.options(
        0.2,
        ['EX', () => c.seconds()],
        ['PX', () => c.milliseconds()],
        ['EXAT', () => c.unixSeconds()],
        ['PXAT', () => c.unixMilliseconds()],
        ['PERSIST'],
      ),
    ],
  },
  { name: 'GETRANGE', words: (c) => [c.key(), c.place(), c.place()] },
  { name: 'GETSET', words: (c) => [c.key(), c.value()] },
  { name: 'HDEL', words: (c) => [c.key(), ...c.someFields()] },
  { name: 'HEXISTS', words: (c) => [c.key(), c.field()] },
  { name: 'HGET', words: (c) => [c.key(), c.field()] },
  { name: 'HGETALL', words: (c) => [c.key()], same: pairs },
  { name: 'HINCRBY', words: (c) => [c.key(), c.field(), c.integer()] },
  { name: 'HINCRBYFLOAT', words: (c) => [c.key(), c.field(), c.float()] },
  { name: 'HKEYS', words: (c) => [c.key()], same: unordered },
  { name: 'HLEN', words: (c) => [c.key()] },
  { name: 'HMGET', words: (c) => [c.key(), ...c.someFields()] },
  { name: 'HMSET', words: (c) => [c.key(), ...c.entries()] },
  {
    name: 'HRANDFIELD',
    words: (c) => [c.key(), ...(c.random.chance(0.3) ? [] : [c.draws(), ...c.options(0.4, ['WITHVALUES'])])],
    same: drawnField,
    before: allOf,
  },
  {
    name: 'HSCAN',
    words: (c) => [c.key(), c.cursor(), ...c.options(0.3, ['MATCH', () => c.pattern()], ['COUNT', () => c.effort()])],
    same: pages,
  },
  { name: 'HSET', words: (c) => [c.key(), ...c.entries()] },
  { name: 'HSETNX', words: (c) => [c.key(), c.field(), c.value()] },
  { name: 'HSTRLEN', words: (c) => [c.key(), c.field()] },
  { name: 'HVALS', words: (c) => [c.key()], same: unordered },
  { name: 'INCR', words: (c) => [c.key()] },
  { name: 'INCRBY', words: (c) => [c.key(), c.integer()] },
  { name: 'INCRBYFLOAT', words: (c) => [c.key(), c.float()] },
  { name: 'KEYS', words: (c) => [c.pattern()], same: unordered },
  { name: 'MGET', words: (c) => c.someKeys() },
  { name: 'MODULE', words: () => ['LIST'] },
  { name: 'MOVE', words: (c) => [c.key(), c.database()] },
  { name: 'MSET', words: (c) => c.times(1, 3, () => [c.key(), c.value()]) },
  { name: 'MSETNX', words: (c) => c.times(1, 3, () => [c.key(), c.value()]) },
  { name: 'OBJECT', words: (c) => [c.word(c.random.pick(['ENCODING', 'IDLETIME', 'NOTHING'])), c.key()], same: object },
  { name: 'PERSIST', words: (c) => [c.key()] },
  { name: 'PEXPIRE', words: (c) => [c.key(), c.milliseconds(), ...c.options(0.15, ...EXPIRE_CONDITIONS)] },
  { name: 'PEXPIREAT', words: (c) => [c.key(), c.unixMilliseconds(), ...c.options(0.15, ...EXPIRE_CONDITIONS)] },
  { name: 'PEXPIRETIME', words: (c) => [c.key()], same: milliseconds },
  { name: 'PSETEX', words: (c) => [c.key(), c.milliseconds(), c.value()] },
  { name: 'PTTL', words: (c) => [c.key()], same: milliseconds },
  {
    name: 'PUBSUB',
    words: (c) =>
      c.random.pick([
        ['CHANNELS'],
        ['CHANNELS', 'a', 'b'],
        ['NUMSUB', 'a', 'b'],
        ['NUMPAT'],
        ['SHARDNUMSUB', 'a'],
        ['NUMPAT', 'x'],
      ]),
  },
  { name: 'RANDOMKEY', words: () => [], same: drawnKey, before: () => ['KEYS', '*'] },
  { name: 'READONLY', words: () => [] },
  { name: 'READWRITE', words: () => [] },
  { name: 'RENAME', words: (c) => [c.key(), c.key()] },
  { name: 'RENAMENX', words: (c) => [c.key(), c.key()] },
  { name: 'ROLE', words: () => [] },
  { name: 'SADD', words: (c) => [c.key(), ...c.members()] },
  { name: 'SCARD', words: (c) => [c.key()] },
  {
    name: 'SCAN',
    words: (c) => [
      c.cursor(),
      ...c.options(
        0.3,
        ['MATCH', () => c.pattern()],
        ['COUNT', () => c.effort()],
        ['TYPE', () => c.random.pick(['string', 'hash', 'HASH', 'set', 'zset', 'list', 'nothing', ''])],
      ),
    ],
    same: page,
  },
  { name: 'SDIFF', words: (c) => c.someKeys(), same: unordered },
  { name: 'SDIFFSTORE', words: (c) => [c.key(), ...c.someKeys()] },
  { name: 'SELECT', words: (c) => [c.database()] },
  {
    name: 'SET',
    words: (c) => [
      c.key(),
      c.value(),
      ...c.options(
        0.12,
        ['EX', () => c.seconds()],
        ['PX', () => c.milliseconds()],
        ['EXAT', () => c.unixSeconds()],
        ['PXAT', () => c.unixMilliseconds()],
        ['KEEPTTL'],
        ['NX'],
        ['XX'],
        ['GET'],
      ),
    ],
  },
  { name: 'SETEX', words: (c) => [c.key(), c.seconds(), c.value()] },
  { name: 'SETNX', words: (c) => [c.key(), c.value()] },
  { name: 'SETRANGE', words: (c) => [c.key(), c.offset(), c.value()] },
  { name: 'SINTER', words: (c) => c.someKeys(), same: unordered },
  {
    name: 'SINTERCARD',
    words: (c) => [
      ...withNumber(c, c.someKeys()),
      ...c.options(0.3, ['LIMIT', () => c.random.pick(['0', '1', '2', '-1', 'x'])]),
    ],
  },
  { name: 'SINTERSTORE', words: (c) => [c.key(), ...c.someKeys()] },
  { name: 'SISMEMBER', words: (c) => [c.key(), c.field()] },
  { name: 'SMEMBERS', words: (c) => [c.key()], same: unordered },
  { name: 'SMISMEMBER', words: (c) => [c.key(), ...c.someFields()] },
  { name: 'SMOVE', words: (c) => [c.key(), c.key(), c.field()] },
  // Both servers must remove the same members: all or none.
  {
    name: 'SPOP',
    words: (c) => [c.key(), c.random.pick(['1000', '9223372036854775807', '0', '-1', 'x', ''])],
    same: unordered,
  },
  { name: 'SPUBLISH', words: (c) => ['a', c.value()] },
  {
    name: 'SRANDMEMBER',
    words: (c) => [c.key(), ...(c.random.chance(0.3) ? [] : [c.draws()])],
    same: drawnMember,
    before: membersOf,
  },
  { name: 'SREM', words: (c) => [c.key(), ...c.someFields()] },
  { name: 'SSCAN', words: (c) => [c.key(), c.cursor(), ...SCAN_OPTIONS(c)], same: memberPages },
  { name: 'STRLEN', words: (c) => [c.key()] },
  { name: 'SUBSTR', words: (c) => [c.key(), c.place(), c.place()] },
  { name: 'SUNION', words: (c) => c.someKeys(), same: unordered },
  { name: 'SUNIONSTORE', words: (c) => [c.key(), ...c.someKeys()] },
  { name: 'SWAPDB', words: (c) => c.random.pick([[], ['0'], ['x', '1'], ['0', 'x'], ['0', '1']]) },
  { name: 'TOUCH', words: (c) => c.someKeys() },
  { name: 'TTL', words: (c) => [c.key()], same: seconds },
  { name: 'TYPE', words: (c) => [c.key()] },
  { name: 'UNLINK', words: (c) => c.someKeys() },
  { name: 'UNWATCH', words: () => [] },
  {
    name: 'WAIT',
    words: (c) =>
      c.random.pick([
        ['0', '0'],
        ['0', '-1'],
        ['x', '0'],
        ['0', 'x'],
      ]),
  },
  { name: 'WATCH', words: (c) => c.someKeys() },
  {
    name: 'ZADD',
    words: (c) => [c.key(), ...c.options(0.12, ['NX'], ['XX'], ['GT'], ['LT'], ['CH'], ['INCR']), ...c.scored()],
  },
  { name: 'ZADD', words: (c) => [LEX_KEY, ...c.times(1, 3, () => ['0', c.field()])] },
  { name: 'ZCARD', words: (c) => [c.key()] },
  { name: 'ZCOUNT', words: (c) => [c.key(), c.scoreBound(), c.scoreBound()] },
  { name: 'ZDIFF', words: (c) => [...withNumber(c, c.someKeys()), ...c.options(0.4, ['WITHSCORES'], ['WEIGHTS'])] },
  { name: 'ZDIFFSTORE', words: (c) => [c.key(), ...withNumber(c, c.someKeys()), ...c.options(0.1, ['WITHSCORES'])] },
  { name: 'ZINCRBY', words: (c) => [c.key(), c.score(), c.field()] },
  { name: 'ZINTER', words: (c) => combined(c, false) },
  {
    name: 'ZINTERCARD',
    words: (c) => [
      ...withNumber(c, c.someKeys()),
      ...c.options(0.3, ['LIMIT', () => c.random.pick(['0', '1', '2', '-1', 'x'])]),
    ],
  },
  { name: 'ZINTERSTORE', words: (c) => [c.key(), ...combined(c, true)] },
  { name: 'ZLEXCOUNT', words: (c) => [c.lexKey(), c.lexBound(), c.lexBound()] },
  {
    name: 'ZMPOP',
    words: (c) => [
      ...withNumber(c, c.someKeys()),
      c.random.pick(['MIN', 'max', 'MIN', 'x']),
      ...c.options(0.5, ['COUNT', () => c.place()]),
    ],
  },
  { name: 'ZMSCORE', words: (c) => [c.key(), ...c.someFields()] },
  { name: 'ZPOPMAX', words: (c) => [c.key(), ...(c.random.chance(0.5) ? [] : [c.place()])] },
  { name: 'ZPOPMIN', words: (c) => [c.key(), ...(c.random.chance(0.5) ? [] : [c.place()])] },
  {
    name: 'ZRANDMEMBER',
    words: (c) => [c.key(), ...(c.random.chance(0.3) ? [] : [c.draws(), ...c.options(0.4, ['WITHSCORES'])])],
    same: drawnField,
    before: scoresOf,
  },
  {
    name: 'ZRANGE',
    words: (c) => [c.key(), c.place(), c.place(), ...c.options(0.15, ['WITHSCORES'], ['REV'], LIMIT(c), ['BYLEX'])],
  },
  {
    name: 'ZRANGE',
    words: (c) => [
      c.key(),
      c.scoreBound(),
      c.scoreBound(),
      c.word('BYSCORE'),
      ...c.options(0.25, ['WITHSCORES'], ['REV'], LIMIT(c)),
    ],
  },
  {
    name: 'ZRANGE',
    words: (c) => [
      c.lexKey(),
      c.lexBound(),
      c.lexBound(),
      c.word('BYLEX'),
      ...c.options(0.2, ['REV'], LIMIT(c), ['WITHSCORES']),
    ],
  },
  { name: 'ZRANGEBYLEX', words: (c) => [c.lexKey(), c.lexBound(), c.lexBound(), ...c.options(0.2, LIMIT(c))] },
  {
    name: 'ZRANGEBYSCORE',
    words: (c) => [c.key(), c.scoreBound(), c.scoreBound(), ...c.options(0.25, ['WITHSCORES'], LIMIT(c), ['REV'])],
  },
  {
    name: 'ZRANGESTORE',
    words: (c) => [c.key(), c.key(), c.place(), c.place(), ...c.options(0.15, ['REV'], LIMIT(c), ['WITHSCORES'])],
  },
  {
    name: 'ZRANGESTORE',
    words: (c) => [c.key(), c.key(), c.scoreBound(), c.scoreBound(), 'BYSCORE', ...c.options(0.25, ['REV'], LIMIT(c))],
  },
  {
    name: 'ZRANGESTORE',
    words: (c) => [LEX_KEY, c.lexKey(), c.lexBound(), c.lexBound(), 'BYLEX', ...c.options(0.25, ['REV'], LIMIT(c))],
  },
  { name: 'ZRANK', words: (c) => [c.key(), c.field()] },
  { name: 'ZREM', words: (c) => [c.key(), ...c.someFields()] },
  { name: 'ZREMRANGEBYLEX', words: (c) => [c.lexKey(), c.lexBound(), c.lexBound()] },
  { name: 'ZREMRANGEBYRANK', words: (c) => [c.key(), c.place(), c.place()] },
  { name: 'ZREMRANGEBYSCORE', words: (c) => [c.key(), c.scoreBound(), c.scoreBound()] },
  { name: 'ZREVRANGE', words: (c) => [c.key(), c.place(), c.place(), ...c.options(0.25, ['WITHSCORES'])] },
  { name: 'ZREVRANGEBYLEX', words: (c) => [c.lexKey(), c.lexBound(), c.lexBound(), ...c.options(0.2, LIMIT(c))] },
  {
    name: 'ZREVRANGEBYSCORE',
    words: (c) => [c.key(), c.scoreBound(), c.scoreBound(), ...c.options(0.25, ['WITHSCORES'], LIMIT(c))],
  },
  { name: 'ZREVRANK', words: (c) => [c.key(), c.field()] },
  { name: 'ZSCAN', words: (c) => [c.key(), c.cursor(), ...SCAN_OPTIONS(c)], same: scoredPages },
  { name: 'ZUNION', words: (c) => combined(c, false) },
  { name: 'ZUNIONSTORE', words: (c) => [c.key(), ...combined(c, true)] },
  { name: 'ZSCORE', words: (c) => [c.key(), c.field()] },
];
