import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Program, refusalOf } from '../tools/program.js';

let program: Program;
let redis: Redis;

beforeAll(async () => {
  program = await Program.start();
  redis = program.client();
});
afterAll(() => program.stop());
beforeEach(async () => {
  await redis.flushall();
});

const call = (command: string, ...args: (string | number | Buffer)[]) => redis.call(command, args);
const create = async (...args: (string | number | Buffer)[]) => (await call('SESSION.NEW', ...args)) as string;
const info = async (token: string) => {
  const flat = (await call('SESSION.INFO', token)) as (string | number)[];
  return Object.fromEntries(Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]));
};
const UNKNOWN = 'AAAAAAAAAAAAAAAAAAAAAA';

describe('SESSION.NEW', () => {
  it('returns a token of 22 base64url characters, a different one for each session', async () => {
    const tokens = await Promise.all(Array.from({ length: 100 }, () => create('user:1')));
    for (const token of tokens) expect(token).toMatch(/^[\w-]{22}$/);
    expect(new Set(tokens).size).toBe(100);
  });

  it.each([
    [[], { duration: 0, deleteSession: 1, pttl: -1 }],
    [[0], { duration: 0, deleteSession: 1, pttl: -1 }],
    [[60], { duration: 60, deleteSession: 1 }],
    [[60, 0], { duration: 60, deleteSession: 0 }],
    [[60, 'YES'], { duration: 60, deleteSession: 1 }],
    [[60, 'no'], { duration: 60, deleteSession: 0 }],
    [[60, 'True'], { duration: 60, deleteSession: 1 }],
    [[60, 'false'], { duration: 60, deleteSession: 0 }],
    [[2147483647], { duration: 2147483647 }],
    [['SHARED'], { shared: 1, duration: 0 }],
    [[60, 'EXTEND', 'get'], { extend: 'get' }],
    [[60, 'extend', 'SET'], { extend: 'set' }],
    [[60, 0, 'Extend', 'Both', 'maxage', 90], { extend: 'both', maxage: 90, deleteSession: 0 }],
    [['MAXAGE', 90, 'SHARED'], { maxage: 90, shared: 1 }],
    [['LIMIT', 3, 'DATA', 'key', 'value', 'shared', 'SHARED'], { keys: 2, bytes: 20, shared: 0 }],
  ])('accepts %j', async (args, expected) => {
    expect(await info(await create('user:1', ...args))).toMatchObject({ name: 'user:1', ...expected });
  });

  it('fills the session in the same command', async () => {
    const token = await create('user:1', 60, 'DATA', 'a', '1', 'b', '2', 'a', '3');
    expect(await call('SESSION.GETALL', token)).toEqual(['a', '3', 'b', '2']);
  });

  it('accepts a token from the caller, once', async () => {
    const token = 'AAECAwQFBgcICQoLDA0ODw';
    expect(await create('user:1', 60, 'TOKEN', token)).toBe(token);
    await expect(create('user:2', 'TOKEN', token)).rejects.toThrow(
      'SESSIONEXISTS a session with this token already exists',
    );
  });

  it('ends the oldest sessions beyond LIMIT', async () => {
    const tokens = [];
    for (let i = 0; i < 5; i++) tokens.push(await create('user:1', 60, 'LIMIT', 2));
    expect(await call('SESSION.TOKENS', 'user:1')).toEqual(tokens.slice(3));
  });

  it('accepts names of 1 to 512 bytes', async () => {
    const name = 'n'.repeat(512);
    expect(await info(await create(name))).toMatchObject({ name });
    await expect(create('')).rejects.toThrow('ERR a name must be 1 to 512 bytes long');
    await expect(create(`${name}n`)).rejects.toThrow('ERR a name must be 1 to 512 bytes long');
  });

  it.each([
    [['user:1', 'soon'], /^ERR value is not an integer or out of range/],
    [['user:1', '1.5'], /^ERR value is not an integer or out of range/],
    [['user:1', ''], /^ERR value is not an integer or out of range/],
    [['user:1', -1], /^ERR invalid expire time in 'session.new' command/],
    [['user:1', 2147483648], /^ERR invalid expire time in 'session.new' command/],
    [['user:1', 60, 'maybe'], /^ERR syntax error/],
    [['user:1', 60, '1', 'SOON'], /^ERR syntax error/],
    [['user:1', 'EXTEND', 'GET'], /^ERR syntax error: EXTEND needs a ttl of at least 1/],
    [['user:1', 0, 'EXTEND', 'GET'], /^ERR syntax error: EXTEND needs a ttl of at least 1/],
    [['user:1', 60, 'EXTEND', 'ALL'], /^ERR syntax error/],
    [['user:1', 60, 'EXTEND', 'GET', 'EXTEND', 'GET'], /^ERR syntax error/],
    [['user:1', 'SHARED', 'LIMIT', 1], /^ERR syntax error: SHARED cannot be combined with LIMIT or TOKEN/],
    [['user:1', 'SHARED', 'TOKEN', UNKNOWN], /^ERR syntax error: SHARED cannot be combined with LIMIT or TOKEN/],
    [['user:1', 'LIMIT', 0], /^ERR value is not an integer or out of range/],
    [['user:1', 'LIMIT', 'x'], /^ERR value is not an integer or out of range/],
    [['user:1', 'MAXAGE', -1], /^ERR invalid expire time in 'session.new' command/],
    [['user:1', 'MAXAGE', 'x'], /^ERR value is not an integer or out of range/],
    [['user:1', 'TOKEN', 'secret'], /^ERR a token must be 128 bits in base64url/],
    [['user:1', 'MAXAGE'], /^ERR syntax error/],
    [['user:1', 'DATA'], /^ERR wrong number of arguments for 'session.new' command/],
    [['user:1', 'DATA', 'key'], /^ERR wrong number of arguments for 'session.new' command/],
    [[], /^ERR wrong number of arguments for 'session.new' command/],
  ])('refuses %j and creates no session', async (args, message) => {
    expect(await refusalOf(call('SESSION.NEW', ...args))).toMatch(message);
    expect(await redis.dbsize()).toBe(0);
  });
});

describe('life of a session', () => {
  it('OPEN returns the token of the shared session, for which @name stands', async () => {
    const token = await create('defaults', 'SHARED', 'DATA', 'theme', 'dark');
    expect(await call('SESSION.OPEN', 'defaults')).toBe(token);
    expect(await call('SESSION.GET', '@defaults', 'theme')).toBe('dark');
    expect(await call('SESSION.SET', '@defaults', 'theme', 'light')).toBe('OK');
    expect(await call('SESSION.GET', token, 'theme')).toBe('light');
    expect(await call('SESSION.EXISTS', '@defaults', '@others', token)).toBe(2);
    expect(await call('SESSION.MEXISTS', '@defaults', '@others')).toEqual([1, 0]);
    expect(await call('SESSION.TTL', '@others')).toBe(-2);
    await expect(call('SESSION.GET', '@others', 'theme')).rejects.toThrow('NOSESSION no such session');
    await expect(call('SESSION.ROTATE', '@defaults')).rejects.toThrow(/^ERR .*cannot be rotated/);
    expect(await call('SESSION.END', '@defaults')).toBe(1);
  });

  it('END, ENDNAME and ENDALL return how many sessions they ended', async () => {
    const [a, b, c] = [await create('x'), await create('x'), await create('y')];
    expect(await call('SESSION.END', a, UNKNOWN, a, 'nonsense')).toBe(1);
    expect(await call('SESSION.MEXISTS', a, b, c)).toEqual([0, 1, 1]);
    await create('x');
    expect(await call('SESSION.ENDNAME', 'x')).toBe(2);
    expect(await call('SESSION.ENDNAME', 'x')).toBe(0);
    await create('z');
    expect(await call('SESSION.ENDALL')).toBe(2);
    expect(await redis.dbsize()).toBe(0);
  });

  it('EXISTS counts a repeated token twice', async () => {
    const token = await create('x');
    expect(await call('SESSION.EXISTS', token, token, UNKNOWN, '', 'x')).toBe(2);
    expect(await call('SESSION.MEXISTS', token, UNKNOWN, token)).toEqual([1, 0, 1]);
  });

  it('INFO describes a session', async () => {
    const before = Date.now();
    const token = await create('x', 60, 'EXTEND', 'GET', 'MAXAGE', 100, 'DATA', 'key', 'value');
    const described = await info(token);
    expect(described).toEqual({
      name: 'x',
      keys: 1,
      shared: 0,
      extend: 'get',
      duration: 60,
      deleteSession: 1,
      maxage: 100,
      pttl: expect.any(Number),
      created: expect.any(Number),
      bytes: 8,
      encoding: 'packed',
    });
    expect(described.pttl).toBeGreaterThan(0);
    expect(described.pttl).toBeLessThanOrEqual(60_000);
    expect(described.created).toBeGreaterThan(before - 1000);
    expect(described.created).toBeLessThan(Date.now() + 1000);
  });

  it('TTL rounds up; -1 means never, -2 no session', async () => {
    const token = await create('x', 3600);
    // The time left cannot be longer when it is read a second time.
    const [first, ttl, last] = [
      (await call('SESSION.PTTL', token)) as number,
      await call('SESSION.TTL', token),
      (await call('SESSION.PTTL', token)) as number,
    ];
    expect(ttl).toBeLessThanOrEqual(Math.ceil(first / 1000));
    expect(ttl).toBeGreaterThanOrEqual(Math.ceil(last / 1000));
    expect(last).toBeGreaterThan(3_500_000);
    const forever = await create('x');
    for (const command of ['SESSION.TTL', 'SESSION.PTTL']) {
      expect(await call(command, forever)).toBe(-1);
      expect(await call(command, UNKNOWN)).toBe(-2);
    }
    const capped = await call('SESSION.TTL', await create('x', 'MAXAGE', 3600));
    expect(capped).toBeGreaterThan(3500);
    expect(capped).toBeLessThanOrEqual(3600);
  });

  it('EXPIRE and PEXPIRE set a new duration', async () => {
    const token = await create('x', 60);
    expect(await call('SESSION.EXPIRE', token, 100, 'no')).toBe(1);
    expect(await info(token)).toMatchObject({ duration: 100, deleteSession: 0 });
    expect(await call('SESSION.PEXPIRE', token, 200_500)).toBe(1);
    expect(await info(token)).toMatchObject({ duration: 201, deleteSession: 0 });
    expect(await call('SESSION.PEXPIRE', token, 2147483647000, 1)).toBe(1);
    expect(await info(token)).toMatchObject({ duration: 2147483647, deleteSession: 1 });
    expect(await call('SESSION.EXPIRE', token, 0)).toBe(1);
    expect(await call('SESSION.TTL', token)).toBe(-1);
    expect(await call('SESSION.EXPIRE', UNKNOWN, 100)).toBe(0);
    for (const [command, unit] of [
      ['SESSION.EXPIRE', 1],
      ['SESSION.PEXPIRE', 1000],
    ] as const) {
      const invalid = `ERR invalid expire time in '${command.toLowerCase()}' command`;
      await expect(call(command, token, -1)).rejects.toThrow(invalid);
      await expect(call(command, token, 2147483648 * unit)).rejects.toThrow(invalid);
      await expect(call(command, token, 'x')).rejects.toThrow('ERR value is not an integer or out of range');
      await expect(call(command, token, 1, 'x')).rejects.toThrow('ERR syntax error');
      await expect(call(command, token, 1, 1, 1)).rejects.toThrow('ERR syntax error');
    }
  });

  it('TOUCH restarts running durations', async () => {
    const [running, forever] = [await create('x', 60), await create('x')];
    expect(await call('SESSION.TOUCH', running, forever, UNKNOWN, running)).toBe(2);
  });

  it('ROTATE returns a new token and keeps the data; with GRACE the old token stays valid', async () => {
    const old = await create('x', 60, 'DATA', 'key', 'value');
    const rotated = await call('SESSION.ROTATE', old);
    expect(rotated).toMatch(/^[\w-]{22}$/);
    await expect(call('SESSION.GET', old, 'key')).rejects.toThrow('NOSESSION no such session');
    const third = (await call('SESSION.ROTATE', rotated as string, 'GRACE', 3600)) as string;
    expect(await call('SESSION.GET', rotated as string, 'key')).toBe('value');
    expect(await call('SESSION.GET', third, 'key')).toBe('value');
    expect(await call('SESSION.TOKENS', 'x')).toEqual([third]);
    await expect(call('SESSION.ROTATE', third, 'GRACE', 'x')).rejects.toThrow('ERR value is not an integer');
    await expect(call('SESSION.ROTATE', third, 'NOW')).rejects.toThrow('ERR syntax error');
    await expect(call('SESSION.ROTATE', old)).rejects.toThrow('NOSESSION no such session');
  });

  it('TOKENS lists the sessions of a name, oldest first', async () => {
    const tokens = [];
    for (let i = 0; i < 5; i++) tokens.push(await create('x'));
    await create('y');
    expect(await call('SESSION.TOKENS', 'x')).toEqual(tokens);
    expect(await call('SESSION.TOKENS', 'nobody')).toEqual([]);
  });

  it('SCAN visits all sessions', async () => {
    const made = new Map<string, string>();
    for (let i = 0; i < 250; i++) made.set(await create(`user:${i}`), `user:${i}`);
    // How far a call gets depends on time as well as on COUNT.
    const scan = async (...args: (string | number)[]): Promise<Map<string, string>> => {
      const seen = new Map<string, string>();
      let cursor = '0';
      do {
        const [next, flat] = (await call('SESSION.SCAN', cursor, ...args)) as [string, string[]];
        for (let i = 0; i < flat.length; i += 2) seen.set(flat[i], flat[i + 1]);
        cursor = next;
      } while (cursor !== '0');
      return seen;
    };
    for (const args of [[], ['COUNT', 7], ['MATCH', '*', 'COUNT', 1000], ['COUNT', '9223372036854775807']]) {
      expect(await scan(...args)).toEqual(made);
    }
    expect((await scan('match', 'user:?', 'count', 1000)).size).toBe(10);
    await expect(call('SESSION.SCAN', 'x')).rejects.toThrow('ERR invalid cursor');
    for (const cursor of ['-', '1e3', '0x10', '1.5', '18446744073709551616']) {
      await expect(call('SESSION.SCAN', cursor)).rejects.toThrow('ERR invalid cursor');
    }
    await expect(call('SESSION.SCAN', 0, 'COUNT', 0)).rejects.toThrow('ERR syntax error');
    await expect(call('SESSION.SCAN', 0, 'TYPE', 'x')).rejects.toThrow('ERR syntax error');
    expect(await call('SESSION.SCAN', 1_000_000_000)).toEqual(['0', []]);
  });

  it('NAMES visits all names, with the number of sessions of each', async () => {
    for (let i = 0; i < 100; i++) for (let made = 0; made <= i % 3; made++) await create(`user:${i}`);
    const names = async (...args: (string | number)[]): Promise<Record<string, number>> => {
      const seen: Record<string, number> = {};
      let cursor = '0';
      do {
        const [next, flat] = (await call('SESSION.NAMES', cursor, ...args)) as [string, (string | number)[]];
        for (let i = 0; i < flat.length; i += 2) {
          expect(seen).not.toHaveProperty([flat[i]]);
          seen[flat[i]] = flat[i + 1] as number;
        }
        cursor = next;
      } while (cursor !== '0');
      return seen;
    };
    const all = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`user:${i}`, 1 + (i % 3)]));
    for (const args of [[], ['COUNT', 7], ['MATCH', 'user:*', 'COUNT', 1000]])
      expect(await names(...args)).toEqual(all);
    expect(await names('MATCH', 'user:?5')).toMatchObject({ 'user:15': 1, 'user:25': 2, 'user:35': 3 });
    await call('SESSION.ENDNAME', 'user:15');
    expect(await names('MATCH', 'user:15')).toEqual({});
    await call('SESSION.ENDALL');
    expect(await names()).toEqual({});
    await expect(call('SESSION.NAMES', 'x')).rejects.toThrow('ERR invalid cursor');
  });

  it('STATS counts', async () => {
    const before = (await call('SESSION.STATS')) as (string | number)[];
    expect(before.filter((_, i) => i % 2 === 0)).toEqual(
      'sessions keys bytes names created ended expired cleared keys_expired timed_keys'
        .concat(' extended tick slots pending late_p99')
        .split(' '),
    );
    await create('x', 60, 'DATA', 'key', 'value');
    await create('x');
    const after = (await call('SESSION.STATS')) as (string | number)[];
    expect(after.slice(0, 8)).toEqual(['sessions', 2, 'keys', 1, 'bytes', 8, 'names', 1]);
    expect(after.slice(22, 28)).toEqual(['tick', 10, 'slots', 65536, 'pending', 1]);
  });

  it('HELP has a line for each command of the group', async () => {
    const lines = (await call('SESSION.HELP')) as string[];
    const names = ((await redis.call('COMMAND', 'LIST')) as string[]).filter((name) => name.startsWith('session.'));
    expect(lines).toHaveLength(names.length);
    for (const name of names)
      expect(lines.filter((line) => line.split(/[ :]/)[0] === name.toUpperCase())).toHaveLength(1);
  });
});

describe('data of a session', () => {
  let token: string;
  beforeEach(async () => {
    token = await create('x', 60, 'DATA', 'a', '1', 'b', '2');
  });
  const all = () => call('SESSION.GETALL', token);

  it('SET overwrites', async () => {
    expect(await call('SESSION.SET', token, 'a', 'x', 'c', 'y')).toBe('OK');
    expect(await all()).toEqual(['a', 'x', 'b', '2', 'c', 'y']);
  });

  it('ADD keeps existing values', async () => {
    expect(await call('SESSION.ADD', token, 'a', 'x', 'c', 'y', 'c', 'z')).toBe(1);
    expect(await all()).toEqual(['a', '1', 'b', '2', 'c', 'y']);
  });

  it('CAS sets a key if it still has the old value', async () => {
    expect(await call('SESSION.CAS', token, 'a', '1', 'new')).toBe(1);
    expect(await call('SESSION.CAS', token, 'a', '1', 'newer')).toBe(0);
    expect(await call('SESSION.CAS', token, 'missing', '', 'new')).toBe(0);
    expect(await all()).toEqual(['a', 'new', 'b', '2']);
  });

  it('INCRBY counts from 0, with 64 bits', async () => {
    expect(await call('SESSION.INCRBY', token, 'a', 41)).toBe(42);
    expect(await call('SESSION.INCRBY', token, 'n', -5)).toBe(-5);
    await call('SESSION.SET', token, 'n', '9223372036854775806');
    expect(await program.client({ protocol: 2, stringNumbers: true }).call('SESSION.INCRBY', [token, 'n', '1'])).toBe(
      '9223372036854775807',
    );
    await expect(call('SESSION.INCRBY', token, 'n', 1)).rejects.toThrow('ERR increment or decrement would overflow');
    expect(await call('SESSION.GET', token, 'n')).toBe('9223372036854775807');
    await call('SESSION.SET', token, 'n', 'text');
    await expect(call('SESSION.INCRBY', token, 'n', 1)).rejects.toThrow(
      'ERR value is not an integer: the value of this key',
    );
    await expect(call('SESSION.INCRBY', token, 'a', '1.5')).rejects.toThrow(
      'ERR value is not an integer or out of range',
    );
  });

  it('APPEND returns the length', async () => {
    expect(await call('SESSION.APPEND', token, 'a', 'é')).toBe(3);
    expect(await call('SESSION.APPEND', token, 'new', 'text')).toBe(4);
    expect(await call('SESSION.GET', token, 'a')).toBe('1é');
  });

  it('GET, MGET and GETALL read', async () => {
    expect(await call('SESSION.GET', token, 'a')).toBe('1');
    expect(await call('SESSION.GET', token, 'missing')).toBeNull();
    expect(await call('SESSION.MGET', token, 'b', 'missing', 'a', 'b')).toEqual(['2', null, '1', '2']);
    expect(await all()).toEqual(['a', '1', 'b', '2']);
  });

  it('DEL removes', async () => {
    expect(await call('SESSION.DEL', token, 'a', 'missing', 'a')).toBe(1);
    expect(await all()).toEqual(['b', '2']);
  });

  it('CONTAINS, KEYS and COUNT show what there is', async () => {
    expect(await call('SESSION.CONTAINS', token, 'a', 'missing', 'a')).toEqual([1, 0, 1]);
    expect(await call('SESSION.KEYS', token)).toEqual(['a', 'b']);
    expect(await call('SESSION.COUNT', token)).toBe(2);
  });

  it('CLEAR and CLEARSET empty the session but keep it', async () => {
    expect(await call('SESSION.CLEARSET', token, 'c', '3')).toBe(2);
    expect(await all()).toEqual(['c', '3']);
    expect(await call('SESSION.CLEAR', token)).toBe(1);
    expect(await call('SESSION.CLEAR', token)).toBe(0);
    expect(await all()).toEqual([]);
    expect(await call('SESSION.EXISTS', token)).toBe(1);
  });

  it('is visible to no other session', async () => {
    const other = await create('x', 60);
    expect(await call('SESSION.GET', other, 'a')).toBeNull();
    await call('SESSION.SET', other, 'a', 'other');
    expect(await call('SESSION.GET', token, 'a')).toBe('1');
  });

  it('is returned as maps, booleans and nulls in RESP3', async () => {
    const resp3 = program.client({ protocol: 3, replyMapping: 'resp3' });
    expect(await resp3.call('SESSION.GETALL', [token])).toEqual({ a: '1', b: '2' });
    expect(await resp3.call('SESSION.GET', [token, 'missing'])).toBeNull();
    expect(await resp3.call('SESSION.INFO', [token])).toMatchObject({ name: 'x', shared: false, deleteSession: true });
    expect(await resp3.call('SESSION.STATS')).toMatchObject({ sessions: 1, keys: 2 });
    expect(await resp3.call('SESSION.CONTAINS', [token, 'a'])).toEqual([1]);
  });
});

describe('a session that no longer exists', () => {
  const commands: [string, ...string[]][] = [
    ['SESSION.SET', 'k', 'v'],
    ['SESSION.ADD', 'k', 'v'],
    ['SESSION.CAS', 'k', 'a', 'b'],
    ['SESSION.INCRBY', 'k', '1'],
    ['SESSION.APPEND', 'k', 'v'],
    ['SESSION.GET', 'k'],
    ['SESSION.MGET', 'k'],
    ['SESSION.GETALL'],
    ['SESSION.DEL', 'k'],
    ['SESSION.CONTAINS', 'k'],
    ['SESSION.KEYS'],
    ['SESSION.COUNT'],
    ['SESSION.CLEAR'],
    ['SESSION.CLEARSET', 'k', 'v'],
    ['SESSION.INFO'],
    ['SESSION.ROTATE'],
  ];

  it.each(commands)('%s is refused and creates nothing', async (command, ...args) => {
    const ended = await create('x', 60);
    await call('SESSION.END', ended);
    for (const token of [ended, UNKNOWN, 'malformed', '', '@x', 'x'.repeat(1000)]) {
      expect(await refusalOf(call(command, token, ...args))).toMatch(/^NOSESSION no such session/);
    }
    expect(await redis.dbsize()).toBe(0);
  });
});
