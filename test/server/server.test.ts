import { Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Config, ConfigError, createServer, ListenError, type Server } from '../../src/index.js';
import { Slice } from '../../src/slice.js';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { frame } from '../raw-client.js';
import { running } from '../running.js';

afterEach(async () => {
  vi.restoreAllMocks();
  await stopServers();
});

/** Something that a command can wait for until the test releases it. */
function gate(): { waiting: Promise<void>; go: () => void } {
  let go = () => {};
  const waiting = new Promise<void>((resolve) => {
    go = resolve;
  });
  return { waiting, go: () => go() };
}

const TOKEN = 'AAECAwQFBgcICQoLDA0ODw';

describe('Server', () => {
  it('ends sessions exactly on time, by its clock, and notifies its listener', async () => {
    const clock = new FakeClock();
    const events: string[] = [];
    const server: Server = await startServer(
      {},
      { clock, listener: { onSession: (event, session) => events.push(`${event} ${server.engine.name(session)}`) } },
    );
    const client = await connectTo(server);
    await client.expect(`SESSION.NEW user:42 30 TOKEN ${TOKEN} DATA key value\r\n`, `$22\r\n${TOKEN}\r\n`);
    clock.advance(29_999);
    await client.expect(`SESSION.GET ${TOKEN} key\r\n`, '$5\r\nvalue\r\n');
    await client.expect(`SESSION.PTTL ${TOKEN}\r\n`, ':1\r\n');
    clock.freeze(1);
    await client.expect(`SESSION.GET ${TOKEN} key\r\n`, '-NOSESSION no such session\r\n');
    expect(events).toEqual(['new user:42', 'expired user:42']);
  });

  it('answers everything that one read brought in one write', async () => {
    // Time stands still, so nobody gets a turn in between.
    const client = await connectTo(await startServer({}, { clock: new FakeClock() }));
    const write = vi.spyOn(Socket.prototype, 'write');
    await client.send('PING\r\n'.repeat(500));
    await client.take(500 * 7);
    const replies = write.mock.calls.filter(([data]) => String(data).startsWith('+PONG'));
    expect(replies).toHaveLength(1);
  });

  it('keeps replies in order when a command has to wait, and serves others meanwhile', async () => {
    const server = await startServer();
    const { waiting, go } = gate();
    vi.spyOn(running('echo'), 'run').mockImplementation(async ({ reply }, args) => {
      const message = args.bytes();
      await waiting;
      reply.bulk(message);
    });
    const [client, other] = [await connectTo(server), await connectTo(server)];
    await client.send('PING\r\nECHO a\r\nPING\r\nECHO b\r\nPING\r\n');
    expect(await client.take(7)).toBe('+PONG\r\n');
    await client.send('PING last\r\n');
    await other.expect('PING\r\n', '+PONG\r\n');
    go();
    expect(await client.take(38)).toBe('$1\r\na\r\n+PONG\r\n$1\r\nb\r\n+PONG\r\n$4\r\nlast\r\n');
  });

  it('survives a fault in a command, logs it, and repeats nothing that the client sent', async () => {
    const lines: string[] = [];
    const log = { notice() {}, warning: (line: string) => lines.push(line) };
    const clock = new FakeClock();
    const server = await startServer({}, { log, clock });
    const client = await connectTo(server);
    vi.spyOn(running('ping'), 'run').mockImplementation(({ reply }) => {
      reply.array(3);
      throw new Error('a fault');
    });
    await client.expect(`PING ${TOKEN}\r\nECHO x\r\n`, '-ERR internal error, see the log of the server\r\n$1\r\nx\r\n');
    clock.advance(1000);
    vi.spyOn(running('ping'), 'run').mockImplementation(async ({ reply }) => {
      reply.array(3);
      await Promise.resolve();
      throw new Error('a later fault');
    });
    const echoes = 'ECHO x\r\n'.repeat(5000);
    const echoed = '$1\r\nx\r\n'.repeat(5000);
    await client.expect(
      `${echoes}PING ${TOKEN}\r\n${echoes}`,
      `${echoed}-ERR internal error, see the log of the server\r\n${echoed}`,
    );
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('a fault');
    expect(lines.join()).not.toContain(TOKEN);
  });

  it('close: answers what was read, even if a command has to wait first', async () => {
    const server = await startServer();
    const { waiting, go } = gate();
    vi.spyOn(running('echo'), 'run').mockImplementation(async ({ reply }, args) => {
      await waiting;
      reply.bulk(args.bytes());
    });
    const [client, other] = [await connectTo(server), await connectTo(server)];
    await client.send('PING\r\nECHO a\r\nPING\r\n');
    await client.take(7);
    await other.expect('PING\r\n', '+PONG\r\n');
    const closed = server.close();
    expect(await other.takeAll()).toBe('');
    go();
    expect(await client.takeAll()).toBe('$1\r\na\r\n+PONG\r\n');
    await closed;
  });

  it('answers a client that has ended its side, even if a command has to wait first', async () => {
    const client = await connectTo(await startServer());
    const { waiting, go } = gate();
    vi.spyOn(running('echo'), 'run').mockImplementation(async ({ reply }, args) => {
      await waiting;
      reply.bulk(args.bytes());
    });
    client.socket.end('PING\r\nECHO a\r\nPING\r\nECHO b\r\nPI');
    await client.take(7);
    // The end has arrived too.
    for (let turns = 0; turns < 20; turns++) await new Promise(setImmediate);
    go();
    expect(await client.takeAll()).toBe('$1\r\na\r\n+PONG\r\n$1\r\nb\r\n');
  });

  it('close: answers what was read, even if the client has to read first', async () => {
    // No time passes, so it does not matter how fast the client reads.
    const server = await startServer({ 'client-reply-backlog': 16 * 1024 }, { clock: new FakeClock() });
    const client = await connectTo(server);
    await client.expect(`SESSION.NEW x TOKEN ${TOKEN} DATA key ${'v'.repeat(60_000)}\r\n`, `$22\r\n${TOKEN}\r\n`);
    const gets = 200;
    client.socket.pause();
    await client.send(
      Buffer.concat([...Array.from({ length: gets }, () => frame('SESSION.GET', TOKEN, 'key')), frame('QUIT')]),
    );
    const other = await connectTo(server);
    await other.expect('PING\r\n', '+PONG\r\n');
    const closed = server.close();
    client.socket.resume();
    expect((await client.takeAll()).length).toBe(gets * 60_010 + 5);
    await closed;
  });

  it('a command that waits may close the connection', async () => {
    const client = await connectTo(await startServer());
    vi.spyOn(running('echo'), 'run').mockImplementation(async ({ reply, client: connection }) => {
      await Promise.resolve();
      reply.ok();
      connection.closeAfterReply();
    });
    await client.send('PING\r\nECHO a\r\nPING\r\n');
    expect(await client.takeAll()).toBe('+PONG\r\n+OK\r\n');
  });

  it('survives a listener that throws, and one that looks up sessions', async () => {
    const clock = new FakeClock();
    const lines: string[] = [];
    const notices: string[] = [];
    const seen: string[] = [];
    const server: Server = await startServer(
      {},
      {
        clock,
        log: { notice: (line) => notices.push(line), warning: (line) => lines.push(line) },
        listener: {
          onSession: (event, session) => {
            server.engine.sessionsOf(Slice.of('x'));
            server.engine.scan(0, 100, () => {});
            server.engine.data.peek(session, (key, value) => seen.push(`${event} ${key}=${value}`));
            throw new Error('a fault of the listener');
          },
        },
      },
    );
    const client = await connectTo(server);
    const made = `$22\r\n${TOKEN}\r\n`;
    for (const pass of ['advance', 'freeze'] as const) {
      await client.expect(`SESSION.NEW x 10 0 MAXAGE 20 TOKEN ${TOKEN} DATA key value\r\n`, made);
      clock[pass](10_000);
      await client.expect(`SESSION.COUNT ${TOKEN}\r\n`, ':0\r\n');
      clock[pass](10_000);
      await client.expect(`SESSION.COUNT ${TOKEN}\r\n`, '-NOSESSION no such session\r\n');
    }
    expect(seen).toEqual(['new key=value', 'cleared key=value', 'new key=value', 'cleared key=value']);
    await server.close();
    expect(lines[0]).toContain('a fault of the listener');
    expect(notices).toEqual([expect.stringMatching(/^faults of the session listener are over: 6 faults in \d+ s$/)]);
  });

  it('QUIT ends the connection; requests after it are not answered', async () => {
    const client = await connectTo(await startServer());
    await client.send('PING\r\nQUIT\r\nPING\r\n');
    expect(await client.takeAll()).toBe('+PONG\r\n+OK\r\n');
  });

  it('QUIT ignores arguments, as in Redis', async () => {
    const client = await connectTo(await startServer());
    await client.send('QUIT now please\r\nPING\r\n');
    expect(await client.takeAll()).toBe('+OK\r\n');
  });

  it('answers a client that has ended its side before ending its own', async () => {
    const client = await connectTo(await startServer());
    client.socket.end('PING\r\n');
    expect(await client.takeAll()).toBe('+PONG\r\n');
  });

  const outside = Object.values(networkInterfaces())
    .flat()
    .find((address) => address !== undefined && !address.internal && address.family === 'IPv4')?.address;
  if (outside === undefined) console.warn('NOTICE: no network but loopback: the test of protected mode is skipped');

  it.skipIf(outside === undefined)('protected mode: refuses clients from other machines', async () => {
    const clock = new FakeClock();
    const log = keepLog();
    const server = await startServer({ bind: '*' }, { clock, log });
    const stranger = await connectTo(server, outside);
    expect(await stranger.takeAll()).toMatch(/^-DENIED respite is in protected mode: .*requirepass.*\r\n$/);
    await (await connectTo(server, outside)).takeAll();
    clock.advance(61_000);
    expect(log.entries).toMatchObject([
      {
        level: 'warning',
        message: expect.stringMatching(
          `^refused a connection from ${outside}: respite is in protected mode: .* set a password \\(requirepass\\)`,
        ),
        fields: { event: 'protected-mode', state: 'begins', from: outside },
      },
      {
        message: `refusals because of protected mode from ${outside} are over: 2 attempts within a second`,
        fields: { event: 'protected-mode', state: 'over', from: outside, count: 2 },
      },
    ]);
    const neighbour = await connectTo(server);
    await neighbour.expect('PING\r\n', '+PONG\r\n');
    for (const config of [{ requirepass: 'x' }, { 'protected-mode': false }]) {
      const open = await startServer({ bind: '*', ...config });
      const guest = await connectTo(open, outside);
      await guest.expect('QUIT\r\n', '+OK\r\n');
    }
  });

  it('listens on several addresses with one port', async () => {
    const server = await startServer({ bind: '127.0.0.1 127.0.0.2 -198.51.100.1' });
    const ports = new Set(server.addresses.map(({ port }) => port));
    expect([server.addresses.length, ports.size]).toEqual([2, 1]);
    const client = await connectTo(server, '127.0.0.2');
    await client.expect('PING\r\n', '+PONG\r\n');
  });

  it('listens on no address if one of them is not available', async () => {
    const first = await startServer();
    const { port } = first.addresses[0];
    const second = createServer({ bind: '127.0.0.2 127.0.0.1', port });
    await expect(second.listen()).rejects.toThrow(
      new ListenError(
        `cannot listen on 127.0.0.1:${port}: the port is in use: choose another with --port, or --port 0 for any free one`,
      ),
    );
    const third = await startServer({ bind: '127.0.0.2', port });
    expect(third.addresses).toHaveLength(1);
  });

  it('refuses invalid values of options', () => {
    expect(() => createServer({ port: 70_000 })).toThrow(ConfigError);
    expect(() => createServer({ port: Number.NaN })).toThrow('option port: expected a whole number from 0 to 65535');
    expect(() => createServer({ 'proto-max-bulk-len': 1 })).toThrow(ConfigError);
    expect(() => createServer({ prot: 1 } as Partial<Config>)).toThrow(
      'there is no option "prot"; did you mean "port"?',
    );
    expect(() => createServer({ 'client-reply-backlog': 2 ** 30 })).toThrow(
      'client-reply-backlog must not be larger than the hard limit of the class "normal"',
    );
  });

  it('can be closed twice, with or without clients', async () => {
    const server = await startServer();
    const client = await connectTo(server);
    await client.expect(frame('PING'), '+PONG\r\n');
    await Promise.all([server.close(), server.close()]);
    await server.closed;
    expect(await client.takeAll()).toBe('');
    await createServer().close();
    const early = createServer({ bind: '127.0.0.1', port: 0 });
    const listening = early.listen();
    await early.close();
    await listening;
    expect(early.addresses).toEqual([]);
  });
});
