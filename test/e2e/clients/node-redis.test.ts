import { createClient, RESP_TYPES, WatchError } from 'redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Program, refusalOf } from '../../tools/program.js';

const PASSWORD = 'correct horse';

function clientOf(port: number, RESP: 2 | 3, options: { username?: string; password?: string; name?: string } = {}) {
  const socket = { host: '127.0.0.1', port, connectTimeout: 60_000 };
  const client = createClient({ RESP, socket, password: PASSWORD, ...options });
  // A client that another one disconnects reports it, and reconnects.
  client.on('error', () => {});
  return client.connect();
}

type Client = Awaited<ReturnType<typeof clientOf>>;

describe.each([2, 3] as const)('node-redis, over RESP%i', (protocol) => {
  let program: Program;
  let redis: Client;
  let other: Client;
  beforeAll(async () => {
    program = await Program.start([], { RESPITE_REQUIREPASS: PASSWORD, RESPITE_USERS: 'reader read only-looks' });
  });
  afterAll(() => program.stop());
  beforeEach(async () => {
    redis = await clientOf(program.port, protocol);
    other = await clientOf(program.port, protocol);
  });
  afterEach(async () => {
    await redis.flushAll();
    redis.destroy();
    other.destroy();
  });

  /** What the reply of a command that node-redis does not know should be: flat in RESP2, a map in RESP3. */
  const mapOf = (map: Record<string, unknown>) => (protocol === 3 ? map : Object.entries(map).flat());
  const create = async (...args: string[]) => String(await redis.sendCommand(['SESSION.NEW', ...args]));

  it('works with sessions', async () => {
    const token = await create('user:42', '1800', 'EXTEND', 'GET', 'DATA', 'cart', 'pizza');
    expect(await redis.sendCommand(['SESSION.SET', token, 'count', '1'])).toBe('OK');
    expect(await redis.sendCommand(['SESSION.INCRBY', token, 'count', '41'])).toBe(42);
    expect(await redis.sendCommand(['SESSION.GETALL', token])).toEqual(mapOf({ cart: 'pizza', count: '42' }));
    expect(await redis.sendCommand(['SESSION.MGET', token, 'cart', 'missing'])).toEqual(['pizza', null]);
    expect(await redis.sendCommand(['SESSION.INFO', token])).toEqual(
      mapOf({
        name: 'user:42',
        keys: 2,
        shared: protocol === 3 ? false : 0,
        extend: 'get',
        duration: 1800,
        deleteSession: protocol === 3 ? true : 1,
        maxage: expect.any(Number),
        pttl: expect.any(Number),
        created: expect.any(Number),
        bytes: expect.any(Number),
        encoding: expect.any(String),
      }),
    );
    expect(await redis.sendCommand(['SESSION.END', token])).toBe(1);
    expect(await refusalOf(redis.sendCommand(['SESSION.GET', token, 'cart']))).toBe('NOSESSION no such session');
    expect(await redis.dbSize()).toBe(0);
  });

  it('lets fields expire', async () => {
    const far = 4_102_444_800;
    const login = { name: 'Ada', code: '493817', attempts: '3' };
    expect(await redis.hSet('login', login)).toBe(3);
    expect(await redis.hExpire('login', ['code', 'attempts', 'none'], 300)).toEqual([1, 1, -2]);
    expect(await redis.hExpire('login', 'code', 600, 'NX')).toEqual([0]);
    expect(await redis.hpExpireAt('login', 'code', far * 1000 + 1)).toEqual([1]);
    expect(await redis.hExpireAt('login', 'attempts', far)).toEqual([1]);
    expect(await redis.hpExpireTime('login', ['code', 'name'])).toEqual([far * 1000 + 1, -1]);
    expect(await redis.hExpireTime('login', ['attempts', 'none'])).toEqual([far, -2]);
    expect(await redis.hSetEx('login', { code: '111111' }, { expiration: 'KEEPTTL', mode: 'FXX' })).toBe(1);
    expect(await redis.hGetEx('login', ['code', 'none'])).toEqual(['111111', null]);
    expect(await redis.hGetEx('login', 'attempts', { expiration: 'PERSIST' })).toEqual(['3']);
    expect(await redis.hPersist('login', ['code', 'attempts'])).toEqual([1, -1]);
    expect(await redis.hTTL('login', ['code', 'none'])).toEqual([-1, -2]);
    expect(await redis.hSetEx('login', { code: '2' }, { expiration: { type: 'EX', value: 300 } })).toBe(1);
    // A busy machine may use up some of it.
    expect((await redis.hTTL('login', 'code'))?.[0]).toBeGreaterThan(240);
    expect((await redis.hpTTL('login', 'code'))?.[0]).toBeGreaterThan(240_000);
    expect(await redis.hpExpire('login', 'attempts', 0)).toEqual([2]);
    expect(await redis.hGetDel('login', ['code', 'attempts', 'name'])).toEqual(['2', null, 'Ada']);
    expect(await redis.exists('login')).toBe(0);
  });

  it('changes JSON values', async () => {
    const { json } = redis;
    expect(await json.set('k', '$', { n: 1, s: 'é', list: [1, { x: 2 }], yes: true })).toBe('OK');
    expect(await json.set('k', '$', 1, { condition: 'NX' })).toBe(null);
    expect(await json.get('k')).toEqual({ n: 1, s: 'é', list: [1, { x: 2 }], yes: true });
    expect(await json.get('k', { path: ['$.n', '.s'] })).toEqual({ '$.n': [1], '.s': ['é'] });
    expect(await json.get('nothing')).toBe(null);
    expect(await json.type('k', { path: '$.*' })).toEqual(['integer', 'string', 'array', 'boolean']);
    expect(await json.type('k')).toEqual('object');
    expect(await json.numIncrBy('k', '$.n', 1.5)).toEqual([2.5]);
    expect(await json.numMultBy('k', '$.*', 2)).toEqual([5, null, null, null]);
    expect(await json.strAppend('k', '!', { path: '$.s' })).toEqual([3]);
    expect(await json.strLen('k', { path: '$.s' })).toEqual([3]);
    expect(await json.toggle('k', '$.yes')).toEqual([0]);
    expect(await json.arrAppend('k', '$.list', 'a', null)).toEqual([4]);
    expect(await json.arrInsert('k', '$.list', 0, 0)).toEqual([5]);
    expect(await json.arrIndex('k', '$.list', 'a')).toEqual([3]);
    expect(await json.arrLen('k', { path: '$.list' })).toEqual([5]);
    expect(await json.arrPop('k', { path: '$.list', index: 2 })).toEqual([{ x: 2 }]);
    expect(await json.arrTrim('k', '$.list', 1, 1)).toEqual([1]);
    expect(await json.merge('k', '$', { n: null, o: { a: 1 } })).toBe('OK');
    expect(await json.objKeys('k', { path: '$.o' })).toEqual([['a']]);
    expect(await json.objLen('k')).toEqual(4);
    expect(await json.mSet([{ key: 'l', path: '$', value: [1] }])).toBe('OK');
    expect(await json.mGet(['k', 'l', 'nothing'], '$[0]')).toEqual([[], [1], null]);
    expect(await json.clear('k', { path: '$.*' })).toBe(2);
    expect(await json.forget('k', { path: '$.s' })).toBe(1);
    expect(await json.get('k')).toEqual({ list: [], yes: false, o: {} });
    expect(await json.del('k')).toBe(1);
    await expect(json.numIncrBy('k', '$', 1)).rejects.toThrow("on a key that doesn't exist");
  });

  it('gets events of sessions before the answer to any later command', async () => {
    const heard: string[][] = [];
    await other.pSubscribe('__session__:*', (message, channel) => heard.push([channel, message]));
    await other.subscribe('news', (message, channel) => heard.push([channel, message]));
    const expectHeard = async (...messages: string[][]) => {
      // The events are sent before the reply to the command that causes them, so before any later answer.
      await other.ping();
      expect(heard.splice(0)).toEqual(messages);
    };
    const token = await create('user:42', 'DATA', 'cart', 'pizza');
    await expectHeard(['__session__:new:user:42', token]);
    await redis.sendCommand(['SESSION.ENDNAME', 'user:42']);
    await expectHeard(['__session__:ended:user:42', token]);
    expect(await redis.publish('news', 'read all about it')).toBe(1);
    await expectHeard(['news', 'read all about it']);
    expect(await redis.pubSubNumSub(['news', 'weather'])).toEqual({ news: 1, weather: 0 });
    expect(await redis.pubSubChannels('n*')).toEqual(['news']);
    expect(await redis.pubSubNumPat()).toBe(1);
    if (protocol === 3) {
      // Other commands work meanwhile. Events that the client causes itself follow the reply, as in Redis 7.2.
      await other.sendCommand(['SESSION.NEW', 'mine']);
      await expectHeard(['__session__:new:mine', expect.any(String)]);
    }
    await other.pUnsubscribe();
    await other.unsubscribe('news');
    // In RESP2 node-redis returns bytes to a client that once subscribed, with any server.
    expect(String(await other.echo('and takes commands again'))).toBe('and takes commands again');
  });

  it('runs transactions', async () => {
    const token = await create('x', 'DATA', 'count', '1');
    expect(
      await redis
        .multi()
        .addCommand(['SESSION.INCRBY', token, 'count', '1'])
        .addCommand(['SESSION.GETALL', token])
        .dbSize()
        .configGet('maxmemory')
        .exec(),
    ).toEqual([2, mapOf({ count: '2' }), 1, { maxmemory: '0' }]);
    expect(
      await redis
        .multi()
        .addCommand(['SESSION.INCRBY', token, 'count', 'many'])
        .addCommand(['SESSION.INCRBY', token, 'count', '1'])
        .exec()
        .catch((error: { replies: unknown[] }) => error.replies),
    ).toEqual([
      expect.objectContaining({ message: expect.stringMatching(/^ERR value is not an integer or out of range/) }),
      3,
    ]);
    expect(await refusalOf(redis.multi().addCommand(['SESSION.INCRBY', token]).exec())).toMatch(/^ERR wrong number/);
    expect(await redis.sendCommand(['SESSION.GET', token, 'count'])).toBe('3');
  });

  it('watches a token', async () => {
    const token = await create('x', 'DATA', 'count', '1');
    const increment = () => redis.multi().addCommand(['SESSION.INCRBY', token, 'count', '1']).exec();
    await redis.watch(token);
    await other.sendCommand(['SESSION.SET', token, 'count', '10']);
    await expect(increment()).rejects.toThrow(WatchError);
    await redis.watch(token);
    expect(await other.sendCommand(['SESSION.GET', token, 'count'])).toBe('10');
    expect(await increment()).toEqual([11]);
  });

  it('pipelines commands sent in one turn', async () => {
    const token = await create('x', 'DATA', 'count', '0');
    const replies = Array.from({ length: 1000 }, () => redis.sendCommand(['SESSION.INCRBY', token, 'count', '1']));
    expect(await Promise.all(replies)).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
  });

  it('introduces, lists and disconnects clients', async () => {
    const named = await clientOf(program.port, protocol, {
      name: 'looker',
      username: 'reader',
      password: 'only-looks',
    });
    expect(await redis.hello()).toMatchObject({ server: 'respite', proto: protocol, mode: 'standalone', modules: [] });
    const info = await named.clientInfo();
    expect(info).toMatchObject({ name: 'looker', user: 'reader', resp: protocol, cmd: 'client|info', flags: 'N' });
    expect(info).toMatchObject({ libName: 'node-redis', libVer: expect.stringMatching(/^\d/), db: 0, multi: -1 });
    expect(info.id).toBe(await named.clientId());
    expect(await named.clientGetName()).toBe('looker');
    expect(await refusalOf(named.sendCommand(['SESSION.NEW', 'x']))).toMatch(/^NOPERM User reader /);
    expect((await redis.clientList()).map(({ id }) => id)).toContain(info.id);
    expect((await redis.clientList({ TYPE: 'NORMAL' })).every(({ sub }) => sub === 0)).toBe(true);
    expect(await redis.clientList({ ID: [String(info.id)] })).toEqual([expect.objectContaining({ name: 'looker' })]);
    const again = new Promise((resolve) => named.once('ready', resolve));
    expect(await redis.clientKill({ filter: 'ID', id: info.id })).toBe(1);
    const killed = redis.clientKill({ filter: 'USER', username: 'nobody' });
    expect(await refusalOf(killed)).toBe("ERR No such user 'nobody'");
    await again;
    expect(await named.clientId()).toBeGreaterThan(info.id);
    named.destroy();
  });

  it('reads and changes options', async () => {
    expect(await redis.configSet({ 'slowlog-max-len': '7', timeout: '3600' })).toBe('OK');
    expect(await redis.configGet(['slowlog-max-*', 'timeout'])).toEqual({ 'slowlog-max-len': '7', timeout: '3600' });
    expect(await refusalOf(redis.configSet('port', '1'))).toMatch(/'port'.*only when the server starts/);
    expect(await redis.configResetStat()).toBe('OK');
  });

  it('iterates over the names of shared sessions', async () => {
    const names = Array.from({ length: 30 }, (_, i) => `shared:${i}`);
    for (const name of names) await create(name, 'SHARED', 'DATA', 'a', '1', 'b', '2');
    await create('shared:not', 'DATA', 'a', '1');
    const seen: string[] = [];
    for await (const keys of redis.scanIterator({ MATCH: 'shared:*', COUNT: 7 })) seen.push(...keys);
    expect(seen.sort()).toEqual(names.sort());
    expect(await redis.type('shared:1')).toBe('hash');
    expect(await redis.hLen('shared:1')).toBe(2);
    expect(await redis.memoryUsage('shared:1')).toBeGreaterThan(0);
    expect(await redis.memoryUsage('shared:1', { SAMPLES: 0 })).toBeGreaterThan(0);
    expect(await redis.memoryUsage('unknown')).toBeNull();
  });

  it('reads what the server reports about itself', async () => {
    const token = await create('x', '60', 'DATA', 'key', 'value');
    const info = await redis.info();
    expect(info).toMatch(/^# Server\r\nredis_version:7\./);
    expect(info).toMatch(/^db0:keys=1,expires=1,avg_ttl=\d+\r$/m);
    expect(await redis.info('keyspace')).not.toContain('# Server');
    const memory = await redis.memoryStats();
    // What the library declares and Redis 7.0 has.
    for (const name of [
      'peak.allocated',
      'total.allocated',
      'startup.allocated',
      'replication.backlog',
      'clients.slaves',
      'clients.normal',
      'cluster.links',
      'aof.buffer',
      'lua.caches',
      'functions.caches',
      'overhead.total',
      'keys.count',
      'keys.bytes-per-key',
      'dataset.bytes',
      'dataset.percentage',
      'peak.percentage',
      'fragmentation',
      'fragmentation.bytes',
    ] as const) {
      expect(memory[name], name).toBeTypeOf('number');
    }
    expect(memory['keys.count']).toBe(1);
    expect(memory['peak.percentage']).toBeLessThanOrEqual(100);
    const { 'session.new': histogram } = await redis.latencyHistogram('session.new');
    const buckets = Object.entries(histogram.histogram_usec).map(([limit, count]) => [Number(limit), count]);
    expect(histogram.calls).toBeGreaterThan(0);
    expect(buckets.at(-1)?.[1]).toBe(histogram.calls);
    expect(buckets.every(([limit]) => limit > 0)).toBe(true);
    expect(await redis.latencyLatest()).toEqual([]);
    expect(Math.abs(Number((await redis.time())[0]) - Date.now() / 1000)).toBeLessThan(60);
    expect(await redis.sendCommand(['SESSION.STATS'])).toEqual(
      expect.objectContaining(protocol === 3 ? { sessions: 1, keys: 1 } : { 0: 'sessions', 1: 1, 2: 'keys', 3: 1 }),
    );
    expect(await redis.commandGetKeys(['SESSION.MGET', token, 'key'])).toEqual([token]);
    expect(await redis.commandGetKeys(['SESSION.END', 'a', 'b'])).toEqual(['a', 'b']);
  });

  it('reads what the server reports about its commands', async () => {
    const all = await redis.command();
    expect(all).toHaveLength(await redis.commandCount());
    // The list includes subcommands.
    const names = await redis.commandList();
    expect(names.filter((name) => !name.includes('|'))).toEqual(all.map(({ name }) => name));
    expect(names).toContain('config|get');
    const [get, none, config] = await redis.commandInfo(['session.get', 'no-such-command', 'config']);
    expect(none).toBeNull();
    expect(get).toMatchObject({ arity: 3, firstKeyIndex: 1, lastKeyIndex: 1, step: 1, isKeyless: false, tips: [] });
    expect(get?.keySpecs).toEqual([
      {
        beginSearch: { type: 'index', index: 1 },
        findKeys: { type: 'range', lastKey: 0, keyStep: 1, limit: 0 },
      },
    ]);
    expect(config?.subcommands.map(({ name }) => name)).toContain('config|get');
    const docs = await redis.commandDocs(['SESSION.NEW']);
    expect(docs['session.new']).toMatchObject({
      summary: 'Creates a session and returns its token.',
      group: 'session',
    });
    expect(docs['session.new'].arguments?.[0]).toMatchObject({ name: 'name', type: 'string' });
    expect(Object.keys(await redis.commandDocs())).toHaveLength(all.length);
  });

  it('gets a set wherever Redis has one', async () => {
    const typed = redis.withTypeMapping({ [RESP_TYPES.SET]: Set, [RESP_TYPES.MAP]: Map });
    const [ping] = (await typed.sendCommand(['COMMAND', 'INFO', 'ping'])) as unknown[][];
    const kinds = ping.map((value) => (value instanceof Set ? 'set' : Array.isArray(value) ? 'array' : typeof value));
    // Flags, categories, tips, key specifications, subcommands.
    const set = protocol === 3 ? 'set' : 'array';
    expect(kinds).toEqual(['string', 'number', set, 'number', 'number', 'number', set, set, set, set]);
  });
});
