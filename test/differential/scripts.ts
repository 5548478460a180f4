import { createHash } from 'node:crypto';
import type { Chooser } from './chooser.js';

/** Scripts of one key and up to two arguments, as libraries send them and as they might fail. */
const SCRIPTS = [
  "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end",
  "local n = redis.call('INCR', KEYS[1]) if n == 1 then redis.call('PEXPIRE', KEYS[1], 60000) end return n",
  "return redis.call('exists', KEYS[1]) < 1 and redis.call('setex', KEYS[1], 60, ARGV[1])",
  "redis.call('HSET', KEYS[1], 'f', ARGV[1]) return {redis.call('HLEN', KEYS[1]), redis.call('HGET', KEYS[1], 'f')}",
  "redis.call('SADD', KEYS[1], ARGV[1]) return redis.call('SISMEMBER', KEYS[1], ARGV[2])",
  "redis.call('ZADD', KEYS[1], 1.5, ARGV[1]) return redis.call('ZSCORE', KEYS[1], ARGV[1])",
  "redis.setresp(3) return {redis.call('TYPE', KEYS[1]), redis.call('ZSCORE', KEYS[1], ARGV[1])}",
  "return redis.pcall('APPEND', KEYS[1], ARGV[1])",
  "local ok, e = pcall(redis.call, 'INCRBY', KEYS[1], ARGV[1]) return {tostring(ok), e}",
  'return {KEYS, ARGV, #ARGV}',
  'return cmsgpack.pack(ARGV)',
  'return {tonumber(ARGV[1]), ARGV[1]:sub(2, -2), ARGV[1]:find("%d+"), redis.sha1hex(ARGV[1])}',
  "#!lua flags=no-writes\nreturn redis.call('SET', KEYS[1], ARGV[1])",
  'error("no " .. #ARGV[1])',
  'return nothing',
  'retur',
];

const sha1 = (text: string) => createHash('sha1').update(text).digest('hex');

const callOf = (c: Chooser, script: string) => [
  script,
  ...(c.random.chance(0.95) ? ['1', c.key()] : [c.random.pick(['0', '-1', '9', 'x', '2']), c.key()]),
  c.value(),
  c.value(),
];

export const evaluated = (c: Chooser) => callOf(c, c.random.pick(SCRIPTS));
export const evaluatedBySha = (c: Chooser) => callOf(c, sha1(c.random.pick(SCRIPTS)));
export const aboutScripts = (c: Chooser) =>
  c.random.pick([
    ['LOAD', c.random.pick(SCRIPTS)],
    ['EXISTS', sha1(c.random.pick(SCRIPTS)), sha1('none')],
    ['FLUSH', ...c.random.pick([[], ['SYNC'], ['ASYNC'], ['x']])],
    ['KILL'],
    ['LOAD'],
  ]);
