import { afterEach, describe, expect, it } from 'vitest';
import { commands } from '../../src/commands/table.js';
import { ConfigError, createServer, UnusableStoreError } from '../../src/index.js';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { send } from '../http/send.js';
import { frame } from '../raw-client.js';
import { FakeRemoteStore } from '../store/fake-remote-store.js';
import { ask, askWith } from './ask.js';

afterEach(stopServers);

/** Commands on sessions in memory, besides those on plain keys. */
const OTHERS =
  'bgrewriteaof bgsave dbsize eval eval_ro evalsha evalsha_ro flushall flushdb lastsave save session.load session.save'.split(
    ' ',
  );

/** Starts a server whose sessions are in a store. */
async function start(config = {}) {
  const log = keepLog({ delays: true });
  const clock = new FakeClock();
  let store!: FakeRemoteStore;
  const open = async (host: ConstructorParameters<typeof FakeRemoteStore>[0]) => {
    store = new FakeRemoteStore(host);
    return store;
  };
  const server = await startServer({ 'http-port': 0, ...config }, { clock, log, store: open });
  return { server, clock, store, log, client: await connectTo(server) };
}

describe('a server with a store', () => {
  it('says where the sessions are, joins the store and leaves it', async () => {
    const { server, log, store } = await start();
    expect(log.lines).toContain('sessions are in a cluster of Valkey 9.1.2 with 2 primaries, in 16 partitions');
    expect(store.log).toEqual(['start']);
    await server.close();
    expect(store.log).toEqual(['start', 'close']);
  });

  it('does not listen if the store cannot be used', async () => {
    const server = createServer({ port: 0 }, { store: () => Promise.reject(new UnusableStoreError('no such store')) });
    await expect(server.listen()).rejects.toThrow(new UnusableStoreError('no such store'));
    expect(server.isListening).toBe(false);
  });

  it('can be stopped while it waits for the store', async () => {
    let fail = (_: Error) => {};
    const opening = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const server = createServer({ port: 0 }, { store: () => opening });
    const listening = server.listen();
    const closed = server.close();
    fail(new UnusableStoreError('no such store'));
    await Promise.all([listening, closed]);
    expect(server.isListening).toBe(false);
  });

  it('does not take a listener, which could not see the sessions', () => {
    const options = { listener: { onSession: () => {} } };
    expect(() => createServer({ store: 'redis://a' }, options)).toThrow(ConfigError);
  });

  it('serves sessions from it', async () => {
    const { client, store } = await start();
    const token = await ask(client, 'SESSION.NEW user:1 60 DATA a 1');
    expect(store.engine.size).toBe(1);
    expect(await ask(client, `SESSION.GET ${token} a`)).toBe('1');
    expect(await ask(client, `SESSION.END ${token}`)).toBe('1');
  });

  it.each([
    ['GET k', 'GET works on plain keys'],
    ['SET k v', 'SET works on plain keys'],
    ['HSET k f v', 'HSET works on plain keys'],
    ['DEL k', 'DEL works on plain keys'],
    ['OBJECT ENCODING k', 'OBJECT ENCODING works on plain keys'],
    ['MEMORY USAGE k', 'MEMORY USAGE works only on sessions in memory'],
    ['DBSIZE', 'DBSIZE works only on sessions in memory'],
    ['FLUSHALL', 'FLUSHALL works only on sessions in memory'],
    ['EVAL 1 0', 'EVAL works only on sessions in memory'],
    ['EVALSHA 1 0', 'EVALSHA works only on sessions in memory'],
    ['SCRIPT LOAD 1', 'SCRIPT LOAD works only on sessions in memory'],
    ['SESSION.SAVE x', 'SESSION.SAVE works only on sessions in memory'],
    ['SESSION.LOAD x', 'SESSION.LOAD works only on sessions in memory'],
    ['BGREWRITEAOF', 'BGREWRITEAOF works only on sessions in memory'],
    ['CLIENT TRACKING ON', 'CLIENT TRACKING works only on sessions in memory'],
  ])('refuses %s and says what to use instead', async (command, reason) => {
    const { client } = await start();
    const reply = await ask(client, command);
    expect(reply).toContain(`ERR ${reason}`);
    expect(reply).toMatch(/: .*(?:use|on the nodes|ends|counts|shows)/);
    // Also inside a transaction, at once.
    await client.expect(`MULTI\r\n`, '+OK\r\n');
    expect(await ask(client, command)).toMatch(new RegExp(`^-?ERR ${reason}`));
    expect(await ask(client, 'EXEC')).toContain('EXECABORT');
  });

  it('has no databases', async () => {
    const { client } = await start();
    expect(await ask(client, 'SELECT 0')).toBe('OK');
    expect(await ask(client, 'SELECT 1')).toMatch(/^ERR with a store there is only database 0/);
    expect(await ask(client, 'SESSION.NEW user:1')).toMatch(/^[\w-]{22}$/);
  });

  it('refuses every command on plain keys, and no other command that it could serve', async () => {
    const { client } = await start();
    const refused: string[] = [];
    for (const { name, arity, subcommands = [], group } of commands) {
      if (subcommands.length > 0 || group === 'pubsub') continue;
      if (['quit', 'monitor', 'reset', 'multi', 'exec', 'discard', 'shutdown', 'select'].includes(name)) continue;
      const reply = await ask(client, [name, ...Array(Math.abs(arity) - 1).fill('1')].join(' '));
      if (/ works (?:only )?on /.test(reply)) refused.push(name);
    }
    const ofKeys = commands.filter(({ group, subcommands = [] }) => {
      return ['generic', 'string', 'hash', 'set', 'sorted-set', 'json'].includes(group) && subcommands.length === 0;
    });
    expect(refused.sort()).toEqual([...ofKeys.map(({ name }) => name), ...OTHERS].sort());
  });

  it('still describes all commands', async () => {
    const { client } = await start();
    expect(await ask(client, 'COMMAND COUNT')).toBe(String(commands.length));
    expect(await ask(client, 'COMMAND DOCS get')).toContain('summary');
  });

  it('refuses options that are for sessions in memory', async () => {
    const { client } = await start({ store: 'redis://:hunter2@a' });
    const memory = await ask(client, 'CONFIG SET maxmemory 1gb');
    expect(memory).toContain('cannot be combined with store: set maxmemory on the nodes of the store');
    expect(await ask(client, 'CONFIG SET store redis://b')).toContain('can be set only when the server starts');
    expect(await ask(client, 'CONFIG GET store*')).not.toContain('hunter2');
  });

  it('shows the store in INFO and its sessions in the figures', async () => {
    const { client } = await start();
    for (const name of ['a', 'b']) await ask(client, `SESSION.NEW ${name} 60`);
    const info = await ask(client, 'INFO');
    expect(info).toContain(
      '# Store\r\nstore_kind:cluster\r\nstore_version:Valkey 9.1.2\r\nstore_nodes:10.0.0.1:6379 10.0.0.2:6379\r\nstore_partitions:16\r\nstore_owned_partitions:5\r\nstore_processes:3\r\nstore_state:ok\r\nstore_state_since:1700000000\r\nstore_last_error:\r\nstore_calls:10\r\nstore_failed_calls:1\r\nstore_usec_per_call:2000\r\n',
    );
    expect(info).toContain('\r\nsessions:2\r\n');
    expect(info).not.toContain('wheel_pending');
  });

  it('shows them in the metrics', async () => {
    const { server, client } = await start();
    await ask(client, 'SESSION.NEW a 60');
    const { text } = await send(server, '/metrics');
    for (const line of [
      'respite_sessions 1',
      'respite_store_enabled 1',
      'respite_store_reachable 1',
      'respite_store_nodes 2',
      'respite_store_owned_partitions 5',
      'respite_store_processes 3',
      'respite_store_calls_total 10',
      'respite_store_failed_calls_total 1',
      'respite_store_call_seconds_total 0.02',
    ]) {
      expect(text).toContain(`\n${line}\n`);
    }
  });

  it('says that it is not ready while the store cannot be reached, and logs when that began and ended', async () => {
    const { server, client, clock, store, log } = await start();
    expect(await send(server, '/readyz')).toMatchObject({ status: 200 });
    store.setReachable(false);
    expect(await ask(client, 'SESSION.EXISTS AAAAAAAAAAAAAAAAAAAAAA')).toContain('TRYAGAIN the store does not answer');
    clock.advance(1000);
    expect(await send(server, '/readyz')).toMatchObject({ status: 503 });
    expect((await send(server, '/readyz?verbose')).text).toContain('[-]store failed: the store of the sessions cannot');
    expect(await ask(client, 'PING')).toBe('PONG');
    const headers = { 'Content-Type': 'application/json' };
    expect(await send(server, '/api/names', { method: 'POST', headers, body: '{}' })).toMatchObject({ status: 503 });
    expect(await ask(client, 'INFO store')).toContain('store_state:unreachable');
    clock.advance(5000);
    store.setReachable(true);
    expect(await send(server, '/readyz')).toMatchObject({ status: 200 });
    clock.advance(15_000);
    const lines = log.lines.filter((line) => line.includes('store'));
    expect(lines).toEqual([
      'the store cannot be reached: connect ECONNREFUSED',
      'failures of the store are over: 2 commands in 5 s',
    ]);
  });

  it('confirms a subscription only when the store sends its events', async () => {
    const { server, client, store } = await start();
    let follow = () => {};
    store.following = new Promise((resolve) => {
      follow = resolve;
    });
    const subscriber = await connectTo(server);
    let isConfirmed = false;
    const confirmed = askWith(subscriber, 'SUBSCRIBE', '__session__:ended:a').then(() => {
      isConfirmed = true;
    });
    while (!store.log.includes('follow')) await ask(client, 'PING');
    for (let i = 0; i < 3; i++) await ask(client, 'PING');
    expect(isConfirmed).toBe(false);
    follow();
    await confirmed;
  });

  it('publishes what happens in the store from the moment that a subscription is confirmed', async () => {
    const { server, client, store } = await start();
    const subscriber = await connectTo(server);
    await ask(client, 'SESSION.NEW a 60');
    expect(store.log).toEqual(['start']);
    await subscriber.expect(
      frame('PSUBSCRIBE', '__session*'),
      '*3\r\n$10\r\npsubscribe\r\n$10\r\n__session*\r\n:1\r\n',
    );
    expect(store.log).toEqual(['start', 'follow']);
    await ask(client, 'SESSION.NEW b 60 DATA k v');
    await ask(client, 'SESSION.ENDNAME b');
    const messages = await subscriber.takeUntil('"keys":{"k":"v"}}\r\n');
    expect(messages).toContain('__session__:new:b');
    expect(messages).toContain('__session__:ended:b');
    expect(messages).toContain('{"event":"ended","name":"b","token":"');
    await ask(subscriber, 'PUNSUBSCRIBE');
    expect(store.log).toEqual(['start', 'follow', 'unfollow']);
  });
});
