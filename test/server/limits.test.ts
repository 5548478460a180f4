import { connect, Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Server } from '../../src/index.js';
import { Slice } from '../../src/slice.js';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { frame, type RawClient } from '../raw-client.js';
import { infoNumber } from './ask.js';

afterEach(async () => {
  vi.restoreAllMocks();
  await stopServers();
});

const OOM = `-OOM command not allowed when used memory > 'maxmemory'.\r\n`;

/** Limits that an operator sets: what a client sees that reaches one, and that others are not affected. */
describe('maxclients', () => {
  it('refuses further clients until there is room or the limit is raised', async () => {
    const log = keepLog();
    // Time stands still: two refusals within a second are logged once.
    const server = await startServer({ maxclients: 1 }, { log, clock: new FakeClock() });
    const first = await connectTo(server);
    await first.expect('PING\r\n', '+PONG\r\n');
    const refused = async () =>
      (await (await connectTo(server)).takeAll()) === '-ERR max number of clients reached\r\n';
    expect([await refused(), await refused()]).toEqual([true, true]);
    expect(log.lines).toEqual(['refused a connection from this machine: too many clients (maxclients 1)']);
    await first.expect('CONFIG SET maxclients 2\r\n', '+OK\r\n');
    await (await connectTo(server)).expect('PING\r\n', '+PONG\r\n');
    expect([await infoNumber(first, 'rejected_connections'), await infoNumber(first, 'connected_clients')]).toEqual([
      2, 2,
    ]);
  });
});

describe('refused connections', () => {
  it('are not kept in unlimited numbers to be sent the reason', async () => {
    // Time stands still: none of them is cut for staying.
    const server = await startServer({ maxclients: 1 }, { clock: new FakeClock() });
    const admin = await connectTo(server);
    const [{ port }] = server.addresses;
    const sockets: Socket[] = [];
    // These clients read the error and the end, and keep their connections open.
    const knock = () =>
      new Promise<string>((resolve) => {
        let answer = '';
        const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
        sockets.push(socket);
        socket.on('data', (bytes) => {
          answer += bytes;
        });
        socket.on('error', () => resolve(answer)).on('end', () => resolve(answer));
      });
    const answers = await Promise.all(Array.from({ length: 300 }, knock));
    const told = answers.filter((answer) => answer === '-ERR max number of clients reached\r\n');
    expect(told).toHaveLength(256);
    expect(answers.filter((answer) => answer === '')).toHaveLength(44);
    for (const socket of sockets) socket.destroy();
    await admin.expect('PING\r\n', '+PONG\r\n');
  });
});

describe('timeout', () => {
  it('disconnects a silent client, but not a subscriber or a client that sends something', async () => {
    const clock = new FakeClock();
    const server = await startServer({ timeout: 10 }, { clock });
    const [silent, subscriber, monitor, busy] = await Promise.all(Array.from({ length: 4 }, () => connectTo(server)));
    await silent.expect('PING\r\n', '+PONG\r\n');
    await subscriber.send('SUBSCRIBE a\r\n');
    await subscriber.takeUntil(':1\r\n');
    await monitor.expect('MONITOR\r\n', '+OK\r\n');
    for (let i = 0; i < 12; i++) {
      clock.advance(1000);
      await busy.expect('SESSION.EXISTS x\r\n', ':0\r\n');
    }
    expect(await silent.takeAll()).toBe('');
    expect(await infoNumber(busy, 'client_timeout_disconnections')).toBe(1);
    await busy.expect('PUBLISH a x\r\n', ':1\r\n');
    await busy.expect('CONFIG SET timeout 0\r\n', '+OK\r\n');
    clock.advance(1_000_000);
    await busy.expect('PING\r\n', '+PONG\r\n');
  });

  it('does not disconnect a client that is still reading a long reply, unless it stops reading', async () => {
    const clock = new FakeClock();
    const server = await startServer({ timeout: 10 }, { clock });
    const [client, other] = await Promise.all([connectTo(server), connectTo(server)]);
    const [value, reads] = ['v'.repeat(8_000_000), 6];
    await client.expect(frame('SET', 'x', value), '+OK\r\n');
    await client.send(frame('MGET', ...Array.from({ length: reads }, () => 'x')));
    const { socket } = client;
    const before = socket.bytesRead;
    const pass = async (ms: number) => {
      clock.advance(ms);
      await other.expect('PING\r\n', '+PONG\r\n');
    };
    for (let i = 1; i < reads; i++) {
      socket.resume();
      while (socket.bytesRead < before + i * value.length && !socket.closed) await new Promise(setImmediate);
      socket.pause();
      for (let seconds = 0; seconds < 4; seconds++) await pass(1000);
    }
    expect(await infoNumber(other, 'client_timeout_disconnections')).toBe(0);
    for (let seconds = 0; seconds < 12; seconds++) await pass(1000);
    expect(await infoNumber(other, 'client_timeout_disconnections')).toBe(1);
  });
});

describe('tcp-keepalive', () => {
  it('is requested from the system for each connection', async () => {
    const setKeepAlive = vi.spyOn(Socket.prototype, 'setKeepAlive');
    const server = await startServer({ 'tcp-keepalive': 60 });
    const client = await connectTo(server);
    await client.expect('CONFIG SET tcp-keepalive 0\r\n', '+OK\r\n');
    await (await connectTo(server)).expect('PING\r\n', '+PONG\r\n');
    expect(setKeepAlive.mock.calls).toEqual([[true, 60_000]]);
  });
});

describe('maxmemory', () => {
  /** Creates `count` sessions of at least 1000 bytes, named by their number. */
  async function fill(client: RawClient, from: number, count: number, ttl: (i: number) => number): Promise<string> {
    const requests = Array.from({ length: count }, (_, i) =>
      frame('SESSION.NEW', String(from + i), String(ttl(from + i)), 'DATA', 'key', 'v'.repeat(1000)),
    );
    await client.send(Buffer.concat(requests));
    await client.send('PING end\r\n');
    return client.takeUntil('$3\r\nend\r\n');
  }
  const room = async (client: RawClient, bytes: number) => {
    const used = (await infoNumber(client, 'used_memory_startup')) + (await infoNumber(client, 'session_memory'));
    await client.expect(frame('CONFIG', 'SET', 'maxmemory', String(used + bytes)), '+OK\r\n');
  };
  const names = (server: Server) => {
    const found: number[] = [];
    server.engine.scan(0, Infinity, (session) => found.push(Number(server.engine.name(session))));
    return found;
  };

  it('noeviction: commands that need memory are refused, others are served, and there is room again when sessions end', async () => {
    const server = await startServer();
    const [client, other] = [await connectTo(server), await connectTo(server)];
    await room(client, 100_000);
    expect((await fill(client, 0, 200, () => 0)).split(OOM)).not.toHaveLength(1);
    const sessions = server.engine.size;
    expect(sessions).toBeGreaterThan(50);
    expect(sessions).toBeLessThan(100);
    await other.expect('SESSION.NEW x\r\n', OOM);
    await other.expect('SESSION.EXISTS nope\r\n', ':0\r\n');
    await other.expect(
      'MULTI\r\nSESSION.NEW x\r\nEXEC\r\n',
      `+OK\r\n${OOM}-EXECABORT Transaction discarded because of previous errors.\r\n`,
    );
    await other.expect('MULTI\r\n', '+OK\r\n');
    await client.expect('SESSION.ENDNAME 0\r\nSESSION.ENDNAME 1\r\n', ':1\r\n:1\r\n');
    await other.expect('SESSION.NEW x\r\n', '+QUEUED\r\n');
    await fill(client, 1000, 5, () => 0);
    await other.expect('EXEC\r\n', `-EXECABORT Transaction discarded because of: ${OOM.slice(1)}`);
    expect(await infoNumber(client, 'evicted_keys')).toBe(0);
    await client.expect('CONFIG SET maxmemory 0\r\n', '+OK\r\n');
    await other.bulk('SESSION.NEW', 'x');
  });

  it.each([
    ['SETRANGE of many keys', (i: number) => `SETRANGE key:${i} 999999 x`, 'SETRANGE key 999999 x'],
    ['COPY of a key that it makes', (i: number) => `COPY key copy:${i}`, 'SETRANGE key 999999 x'],
    ['SET of many keys', (i: number) => `SET key:${i} ${'x'.repeat(1000)}`, 'PING'],
  ])('noeviction: EXEC of %s runs all commands or none', async (_, request, first) => {
    const server = await startServer();
    const client = await connectTo(server);
    const before = server.engine.memory;
    const transaction = async (count: number): Promise<string> => {
      const requests = [first, ...Array.from({ length: count }, (_, i) => request(i))];
      await client.send(`MULTI\r\n${requests.map((one) => `${one}\r\n`).join('')}`);
      await client.expect('', `+OK\r\n${'+QUEUED\r\n'.repeat(count + 1)}`);
      await client.send('EXEC\r\n');
      return (await client.takeUntil('\r\n')).trim();
    };
    await room(client, 50_000);
    expect(await transaction(100)).toBe(`-EXECABORT Transaction discarded because of: ${OOM.slice(1).trim()}`);
    expect(server.engine.memory).toBe(before);
    expect(server.engine.size).toBe(0);
    await room(client, 100 * 2_100_000);
    expect(await transaction(100)).toBe('*101');
    expect(server.engine.size).toBeGreaterThan(99);
    expect(server.engine.memory - before).toBeLessThan(100 * 2_100_000);
  });

  it('allsessions-lru: EXEC makes room for all that its commands may add, and no command of others runs in between', async () => {
    const server = await startServer({ 'maxmemory-policy': 'allsessions-lru' });
    const [client, other] = [await connectTo(server), await connectTo(server)];
    await fill(client, 0, 30_000, () => 0);
    await room(client, 0);
    const limit = server.engine.memory;
    const sets = Array.from({ length: 9 }, (_, i) => `SETRANGE key:${i} 999999 x\r\n`).join('');
    await client.expect(`MULTI\r\n${sets}DBSIZE\r\nDBSIZE\r\n`, `+OK\r\n${'+QUEUED\r\n'.repeat(11)}`);
    await Promise.all([client.send('EXEC\r\n'), other.send('SET other 1\r\n'.repeat(10))]);
    const reply = await client.take(5 + 9 * 10);
    expect(reply).toBe(`*11\r\n${':1000000\r\n'.repeat(9)}`);
    const [one, two] = [await client.takeUntil('\r\n'), await client.takeUntil('\r\n')];
    expect(one).toBe(two);
    expect(server.engine.memory).toBeLessThan(limit + 1000);
    await other.expect('', '+OK\r\n'.repeat(10));
  });

  it('ROTATE needs memory only with GRACE, and a session has few old tokens', async () => {
    const server = await startServer();
    const client = await connectTo(server);
    const tokens = [await client.bulk('SESSION.NEW', 'x')];
    for (let i = 0; i < 40; i++) tokens.unshift(await client.bulk('SESSION.ROTATE', tokens[0], 'GRACE', '100'));
    await client.expect(frame('SESSION.EXISTS', ...tokens.slice(0, 17)), ':17\r\n');
    await client.expect(frame('SESSION.EXISTS', ...tokens.slice(17)), ':0\r\n');
    await client.expect('CONFIG SET maxmemory 1\r\n', '+OK\r\n');
    await client.expect(frame('SESSION.ROTATE', tokens[0], 'GRACE', '100'), OOM);
    const last = await client.bulk('SESSION.ROTATE', tokens[0]);
    await client.expect(frame('SESSION.EXISTS', last, ...tokens), ':1\r\n');
  });

  it('volatile-ttl: the sessions due first are evicted, those without a ttl stay', async () => {
    const server = await startServer({ 'maxmemory-policy': 'volatile-ttl' });
    const client = await connectTo(server);
    await fill(client, 0, 100, () => 0);
    await fill(client, 100, 400, (i) => i * 100);
    await room(client, 0);
    expect(await fill(client, 1000, 200, () => 1_000_000)).not.toContain(OOM);
    const left = names(server).filter((name) => name < 1000);
    expect(left.filter((name) => name < 100)).toHaveLength(100);
    // 200 of 400 were evicted. An exact order would have evicted all before 300 and none after.
    expect(left.filter((name) => name >= 450).length).toBeGreaterThan(40);
    expect(left.filter((name) => name >= 100 && name < 150).length).toBeLessThan(10);
    await client.expect('CONFIG SET maxmemory 1\r\n', '+OK\r\n');
    // Each attempt makes room for about a millisecond, as long as there are sessions to evict.
    for (let refused = false; !refused; ) {
      await client.send('SESSION.CLEARSET nope key value\r\n');
      refused = (await client.takeUntil('\r\n')) === OOM;
    }
    expect(names(server)).toHaveLength(100);
  });

  it('allsessions-lru: the least recently used sessions are evicted; NO-TOUCH does not count as use', async () => {
    const clock = new FakeClock();
    const server = await startServer({ 'maxmemory-policy': 'allsessions-lru' }, { clock });
    const client = await connectTo(server);
    await fill(client, 0, 500, () => 0);
    const tokens: string[] = [];
    server.engine.scan(0, Infinity, (session) => tokens.push(server.engine.token(session)));
    clock.advance(1000);
    for (const token of tokens.slice(0, 100)) await client.bulk('SESSION.GET', token, 'key');
    for (const token of tokens.slice(100, 200)) await client.expect(`SESSION.TOUCH ${token}\r\n`, ':0\r\n');
    await client.expect('CLIENT NO-TOUCH ON\r\n', '+OK\r\n');
    for (const token of tokens.slice(200, 300)) await client.bulk('SESSION.GET', token, 'key');
    await client.expect('CLIENT NO-TOUCH OFF\r\n', '+OK\r\n');
    await room(client, 0);
    await fill(client, 1000, 200, () => 0);
    const left = names(server);
    expect(left.filter((name) => name < 200).length).toBeGreaterThan(190);
    expect(left.filter((name) => name >= 200 && name < 500).length).toBeLessThan(110);
    expect(await infoNumber(client, 'evicted_keys')).toBe(await infoNumber(client, 'sessions_evicted'));
    const [created, sessions, evicted] = await Promise.all([
      server.engine.stats().created,
      server.engine.size,
      server.engine.stats().evicted,
    ]);
    expect(created).toBe(sessions + evicted);
  });

  it('a lowered limit is reached in slices, without commands, and others are served in between', async () => {
    const server = await startServer({ 'maxmemory-policy': 'allsessions-lru' });
    const [client, other] = [await connectTo(server), await connectTo(server)];
    for (let i = 0; i < 50_000; i++)
      server.engine.create(Slice.of(String(i)), { data: [Slice.of('k'), Slice.of('v')] });
    await client.expect('CONFIG SET maxmemory 1\r\n', '+OK\r\n');
    let served = 0;
    for (; server.engine.size > 0; served++) await other.expect('SESSION.EXISTS nope\r\n', ':0\r\n');
    expect(served).toBeGreaterThan(1);
    await client.expect('SESSION.NEW x\r\n', OOM);
  });
});

describe('CONFIG SET', () => {
  it('changes all given options or none; says which option cannot be changed, and what to do', async () => {
    const client = await connectTo(await startServer());
    await client.expect('CONFIG SET timeout 5 maxmemory 1gb\r\n', '+OK\r\n');
    await client.expect(
      'CONFIG GET timeout maxmemory\r\n',
      '*4\r\n$7\r\ntimeout\r\n$1\r\n5\r\n$9\r\nmaxmemory\r\n$10\r\n1073741824\r\n',
    );
    const failed = (name: string, reason: string) =>
      `-ERR CONFIG SET failed (possibly related to argument '${name}') - ${reason}\r\n`;
    await client.expect(
      'CONFIG SET timeout 6 port 7000\r\n',
      failed('port', "can't set immutable config: this option can be set only when the server starts"),
    );
    await client.expect(
      'CONFIG SET timeout 6 maxmemory-policy lru\r\n',
      failed('maxmemory-policy', 'expected one of noeviction, volatile-ttl, allsessions-lru'),
    );
    await client.expect(
      'CONFIG SET appendonly yes\r\n',
      failed('appendonly', "can't set immutable config: this option can be set only when the server starts"),
    );
    await client.expect(
      'CONFIG SET client-reply-backlog 1gb\r\n',
      failed(
        'client-reply-backlog',
        'client-reply-backlog must not be larger than the hard limit of the class "normal" in client-output-buffer-limit',
      ),
    );
    await client.expect(
      'CONFIG SET nope 1\r\n',
      "-ERR Unknown option or number of arguments for CONFIG SET - 'nope'\r\n",
    );
    await client.expect(
      'CONFIG SET save 60\r\n',
      failed('save', "can't set immutable config: this option has only one value"),
    );
    await client.expect(
      'CONFIG SET databases 3\r\n',
      failed('databases', "can't set immutable config: this option can be set only when the server starts"),
    );
    // What cannot be set at all is reported first, wherever it stands.
    await client.expect(
      'CONFIG SET maxmemory x nope 1\r\n',
      "-ERR Unknown option or number of arguments for CONFIG SET - 'nope'\r\n",
    );
    await client.expect('CONFIG SET timeout 1 TIMEOUT 2\r\n', failed('timeout', 'duplicate parameter'));
    // Redis' older name for an option means the same.
    await client.expect('CONFIG SET lua-time-limit 4000\r\n', '+OK\r\n');
    await client.expect('CONFIG GET busy-reply-threshold\r\n', frame('busy-reply-threshold', '4000').toString());
    await client.expect('CONFIG GET lua-time-limit\r\n', frame('lua-time-limit', '4000').toString());
    await client.expect(
      'CONFIG SET busy-reply-threshold 1 lua-time-limit 2\r\n',
      failed('lua-time-limit', 'duplicate parameter'),
    );
    await client.expect('CONFIG REWRITE\r\n', '-ERR The server is running without a config file\r\n');
    await client.expect('CONFIG SET timeout\r\n', "-ERR wrong number of arguments for 'config|set' command\r\n");
    await client.expect('CONFIG GET timeout\r\n', '*2\r\n$7\r\ntimeout\r\n$1\r\n5\r\n');
    await client.expect(
      frame('CONFIG', 'SET', 'client-output-buffer-limit', 'normal 0 0 0 slave 256mb 64mb 60 pubsub 32mb 8mb 60'),
      '+OK\r\n',
    );
    await client.expect(frame('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 1mb 0 0'), '+OK\r\n');
    await client.expect(
      'CONFIG GET client-output-buffer-limit\r\n',
      '*2\r\n$26\r\nclient-output-buffer-limit\r\n$31\r\nnormal 0 0 0 pubsub 1048576 0 0\r\n',
    );
    for (const bad of ['normal', 'normal 1 2', 'nobody 0 0 0', 'normal 0 0 -1']) {
      expect(
        await client
          .send(frame('CONFIG', 'SET', 'client-output-buffer-limit', bad))
          .then(() => client.takeUntil('\r\n')),
      ).toMatch(/^-ERR CONFIG SET failed/);
    }
  });

  it('accepts only text, and no password that no client could send', async () => {
    const client = await connectTo(await startServer());
    await client.expect(
      frame('CONFIG', 'SET', 'requirepass', Buffer.from([112, 246, 113])),
      '-ERR CONFIG SET failed - names and values must be UTF-8 text\r\n',
    );
    await client.expect(
      frame('CONFIG', 'SET', 'requirepass', 'x'.repeat(513)),
      "-ERR CONFIG SET failed (possibly related to argument 'requirepass') - expected at most 512 characters\r\n",
    );
    await client.expect(frame('CONFIG', 'SET', 'requirepass', 'pässword'), '+OK\r\n');
    await client.expect(frame('AUTH', 'pässword'), '+OK\r\n');
  });

  it('RESETSTAT resets the counters, and nothing else', async () => {
    const server = await startServer();
    const client = await connectTo(server);
    await client.bulk('SESSION.NEW', 'x');
    await client.expect('SESSION.GET @nope x\r\n', '-NOSESSION no such session: no shared session has this name\r\n');
    expect(await infoNumber(client, 'keyspace_misses')).toBe(1);
    await client.expect('CONFIG RESETSTAT\r\n', '+OK\r\n');
    const all = await client.bulk('INFO', 'everything');
    for (const line of [
      'keyspace_misses:0',
      'total_error_replies:0',
      'total_connections_received:0',
      'sessions:1',
      'sessions_created:1',
    ]) {
      expect(all).toContain(`\r\n${line}\r\n`);
    }
    expect(all).not.toMatch(/cmdstat_session|errorstat/);
    await client.expect('SESSION.GET @nope x\r\n', '-NOSESSION no such session: no shared session has this name\r\n');
    const after = await client.bulk('INFO', 'everything');
    expect(after).toContain('\r\nkeyspace_misses:1\r\n');
    expect(after).toContain('\r\nerrorstat_NOSESSION:count=1\r\n');
    expect(after).toMatch(/cmdstat_session\.get:calls=1,.*,failed_calls=1\r\n/);
  });

  it('shows how late expiries were in the last minutes and ever, until RESETSTAT', async () => {
    const clock = new FakeClock();
    const server = await startServer({}, { clock });
    const client = await connectTo(server);
    const late = async () => (await client.bulk('INFO', 'sessions')).match(/(?<=wheel_late_)\S+/g);
    await client.bulk('SESSION.NEW', 'x', '1', '1', 'SHARED');
    // The command notices the deadline, because the wheel did not.
    clock.freeze(1030);
    await client.expect('SESSION.EXISTS @x\r\n', ':0\r\n');
    expect(await late()).toEqual(
      ['p50', 'p99', 'max', 'lifetime_p50', 'lifetime_p99', 'lifetime_max'].map((field) => `${field}_ms:30`),
    );
    clock.freeze(5 * 60_000);
    expect((await late())?.map((field) => Number(field.split(':')[1]))).toEqual([0, 0, 0, 30, 30, 30]);
    await client.expect('CONFIG RESETSTAT\r\n', '+OK\r\n');
    expect((await late())?.map((field) => Number(field.split(':')[1]))).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
