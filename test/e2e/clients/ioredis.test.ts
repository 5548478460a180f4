import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Program, refusalOf } from '../../tools/program.js';

/** What the reply of a command should be: flat in RESP2, a map in RESP3. */
const mapOf = (protocol: 2 | 3, map: Record<string, unknown>) => (protocol === 3 ? map : Object.entries(map).flat());

describe.each([2, 3] as const)('ioredis, over RESP%i', (protocol) => {
  let program: Program;
  beforeAll(async () => {
    program = await Program.start();
  });
  afterAll(() => program.stop());

  const connect = () => program.client(protocol === 3 ? { protocol, replyMapping: 'resp3' } : { protocol });
  const create = async (...args: string[]) => (await connect().call('SESSION.NEW', args)) as string;

  it('works with sessions', async () => {
    const redis = connect();
    const token = await create('user:42', '1800', 'EXTEND', 'GET', 'DATA', 'cart', 'pizza');
    expect(await redis.call('SESSION.SET', [token, 'drink', 'cola', 'count', '1'])).toBe('OK');
    expect(await redis.call('SESSION.INCRBY', [token, 'count', '41'])).toBe(42);
    expect(await redis.call('SESSION.GETALL', [token])).toEqual(
      mapOf(protocol, { cart: 'pizza', drink: 'cola', count: '42' }),
    );
    expect(await redis.call('SESSION.MGET', [token, 'cart', 'missing'])).toEqual(['pizza', null]);
    expect(await redis.callBuffer('SESSION.GET', [token, 'cart'])).toEqual(Buffer.from('pizza'));
    // A busy machine may use up some of it.
    expect(await redis.call('SESSION.TTL', [token])).toBeGreaterThan(1740);
    expect(await redis.call('SESSION.END', [token])).toBe(1);
    expect(await refusalOf(redis.call('SESSION.GET', [token, 'cart']))).toBe('NOSESSION no such session');
  });

  it('lets fields expire', async () => {
    const redis = connect();
    const far = 4_102_444_800;
    await redis.hset('login', { name: 'Ada', code: '493817', attempts: '3' });
    expect(await redis.hexpire('login', 300, 'FIELDS', 3, 'code', 'attempts', 'none')).toEqual([1, 1, -2]);
    expect(await redis.hpexpireat('login', far * 1000 + 1, 'GT', 'FIELDS', 2, 'code', 'name')).toEqual([1, 0]);
    expect(await redis.hpexpiretime('login', 'FIELDS', 2, 'code', 'name')).toEqual([far * 1000 + 1, -1]);
    expect(await redis.hsetex('login', 'FXX', 'KEEPTTL', 'FIELDS', 1, 'code', '111111')).toBe(1);
    expect(await redis.hgetex('login', 'PERSIST', 'FIELDS', 2, 'code', 'none')).toEqual(['111111', null]);
    expect(await redis.hpersist('login', 'FIELDS', 2, 'attempts', 'code')).toEqual([1, -1]);
    expect(await redis.httl('login', 'FIELDS', 2, 'attempts', 'none')).toEqual([-1, -2]);
    expect(await redis.hgetdel('login', 'FIELDS', 4, 'code', 'attempts', 'none', 'name')).toEqual([
      '111111',
      '3',
      null,
      'Ada',
    ]);
    expect(await redis.exists('login')).toBe(0);
  });

  it('is notified of changed keys on a connection that has subscribed', async () => {
    const [redis, writer] = [connect(), connect()];
    // ioredis ignores pushes of other kinds than messages, so the connection speaks RESP2.
    const listener = program.client({ protocol: 2 });
    const heard: string[][] = [];
    listener.on('message', (...message: string[]) => heard.push(message));
    const id = await listener.client('ID');
    await listener.subscribe('__redis__:invalidate');
    await redis.client('TRACKING', 'ON', 'REDIRECT', id);
    expect(await redis.get('menu')).toBe(null);
    await writer.set('menu', 'pizza');
    await listener.ping();
    expect(heard).toEqual([['__redis__:invalidate', 'menu']]);
    await writer.del('menu');
    await listener.ping();
    expect(heard).toHaveLength(1);
    await listener.unsubscribe();
  });

  it('gets events of sessions before the answer to any later command', async () => {
    const [redis, subscriber] = [connect(), connect()];
    const heard: string[][] = [];
    subscriber.on('pmessage', (...message: string[]) => heard.push(message));
    subscriber.on('message', (...message: string[]) => heard.push(message));
    expect(await subscriber.psubscribe('__session__:*')).toBe(1);
    expect(await subscriber.subscribe('news')).toBe(2);
    const expectHeard = async (...messages: string[][]) => {
      // The events are sent before the reply to the command that causes them, so before any later answer.
      await subscriber.ping();
      expect(heard.splice(0)).toEqual(messages);
    };
    const token = await create('user:42', 'DATA', 'cart', 'pizza');
    await expectHeard(['__session__:*', '__session__:new:user:42', token]);
    const rotated = (await redis.call('SESSION.ROTATE', [token])) as string;
    await expectHeard(['__session__:*', '__session__:rotated:user:42', rotated]);
    await redis.call('SESSION.ENDNAME', ['user:42']);
    await expectHeard(['__session__:*', '__session__:ended:user:42', rotated]);
    expect(await redis.publish('news', 'read all about it')).toBe(1);
    await expectHeard(['news', 'read all about it']);
    expect(await redis.pubsub('NUMSUB', 'news')).toEqual(['news', 1]);
    expect(await redis.pubsub('CHANNELS')).toEqual(['news']);
    expect(await redis.pubsub('NUMPAT')).toBe(1);
    expect(await subscriber.punsubscribe('__session__:*')).toBe(1);
    expect(await subscriber.unsubscribe('news')).toBe(0);
    expect(await subscriber.echo('and takes commands again')).toBe('and takes commands again');
  });

  it('runs transactions', async () => {
    const redis = connect();
    const token = await create('x', 'DATA', 'count', '1');
    expect(
      await redis
        .multi()
        .call('SESSION.INCRBY', [token, 'count', '1'])
        .call('SESSION.GETALL', [token])
        .call('SESSION.INCRBY', [token, 'count', 'many'])
        .call('SESSION.CONTAINS', [token, 'count', 'missing'])
        .exec(),
    ).toEqual([
      [null, 2],
      [null, mapOf(protocol, { count: '2' })],
      [expect.objectContaining({ message: expect.stringMatching(/^ERR value is not an integer or out of range/) })],
      [null, [1, 0]],
    ]);
    expect(await refusalOf(redis.multi().call('SESSION.INCRBY', [token]).exec())).toMatch(/^EXECABORT /);
    expect(await redis.call('SESSION.GET', [token, 'count'])).toBe('2');
  });

  it('watches a token', async () => {
    const [redis, other] = [connect(), connect()];
    const token = await create('x', 'DATA', 'count', '1');
    const increment = () => redis.multi().call('SESSION.INCRBY', [token, 'count', '1']).exec();
    await redis.watch(token);
    await other.call('SESSION.SET', [token, 'count', '10']);
    expect(await increment()).toBeNull();
    await redis.watch(token);
    expect(await other.call('SESSION.GET', [token, 'count'])).toBe('10');
    expect(await increment()).toEqual([[null, 11]]);
    await redis.watch(token);
    await other.call('SESSION.END', [token]);
    expect(await increment()).toBeNull();
  });

  it('pipelines', async () => {
    const token = await create('x', 'DATA', 'count', '0');
    const pipeline = connect().pipeline();
    for (let i = 1; i <= 1000; i++) pipeline.call('SESSION.INCRBY', [token, 'count', '1']);
    expect(await pipeline.call('SESSION.GET', ['malformed', 'key']).ping().exec()).toEqual([
      ...Array.from({ length: 1000 }, (_, i) => [null, i + 1]),
      [expect.objectContaining({ message: expect.stringMatching(/^NOSESSION no such session: expected a token/) })],
      [null, 'PONG'],
    ]);
  });

  it('names, lists and disconnects clients', async () => {
    const [redis, victim] = [connect(), connect()];
    expect(await victim.client('SETNAME', 'victim')).toBe('OK');
    expect(await victim.client('GETNAME')).toBe('victim');
    const id = await victim.client('ID');
    const list = String(await redis.client('LIST'))
      .trimEnd()
      .split('\n');
    expect(list.find((line) => line.startsWith(`id=${id} `))).toMatch(
      new RegExp(` name=victim .* cmd=client\\|id user=default redir=-1 resp=${protocol} lib-name=ioredis`),
    );
    expect(await redis.client('KILL', 'ID', 999_999_999)).toBe(0);
    const closed = once(victim, 'close');
    expect(await redis.call('CLIENT', ['KILL', 'ID', String(id), 'TYPE', 'normal'])).toBe(1);
    await closed;
    // ioredis reconnects.
    expect(await victim.client('ID')).toBeGreaterThan(id);
    const address = / addr=(\S+) /.exec(String(await victim.client('INFO')))?.[1] ?? '';
    const closedAgain = once(victim, 'close');
    expect(await redis.client('KILL', address)).toBe('OK');
    await closedAgain;
    expect(await refusalOf(redis.client('KILL', address))).toBe('ERR No such client');
  });

  it('works in the database that it is given', async () => {
    const [redis, other] = [connect(), program.client({ protocol, db: 1 })];
    await redis.set('key', 'value');
    await other.set('key', 'other');
    expect(await redis.get('key')).toBe('value');
    expect(await other.get('key')).toBe('other');
    await other.flushdb();
    expect(await other.exists('key')).toBe(0);
    expect(await redis.get('key')).toBe('value');
  });

  it('reads and changes options', async () => {
    const redis = connect();
    expect(await redis.config('SET', 'slowlog-max-len', '7', 'timeout', '3600')).toBe('OK');
    expect(await redis.config('GET', 'slowlog-max-*', 'TIMEOUT')).toEqual(
      mapOf(protocol, { timeout: '3600', 'slowlog-max-len': '7' }),
    );
    expect(await redis.config('GET', 'nothing-like-it')).toEqual(mapOf(protocol, {}));
    expect(await refusalOf(redis.config('SET', 'timeout', '60', 'port', '1'))).toMatch(
      /'port'.*only when the server starts/,
    );
    expect(await refusalOf(redis.config('SET', 'timeout', '60', 'Timeout', '7'))).toMatch(/'timeout'.*duplicate/);
    expect(await redis.config('GET', 'timeout')).toEqual(mapOf(protocol, { timeout: '3600' }));
    expect(await redis.config('RESETSTAT')).toBe('OK');
  });
});
