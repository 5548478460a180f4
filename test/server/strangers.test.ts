import { afterEach, describe, expect, it } from 'vitest';
import type { Server } from '../../src/index.js';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import type { RawClient } from '../raw-client.js';
import { infoNumber } from './ask.js';

afterEach(stopServers);

const OVERDUE = '-ERR not authenticated in time (auth-timeout)\r\n';

async function member(server: Server): Promise<RawClient> {
  const client = await connectTo(server);
  await client.expect('AUTH secret\r\n', '+OK\r\n');
  return client;
}

describe('auth-timeout', () => {
  it('disconnects a client that has not authenticated in time, and nobody else', async () => {
    const clock = new FakeClock();
    const log = keepLog();
    const server = await startServer({ requirepass: 'secret', 'auth-timeout': 5 }, { clock, log });
    const [silent, wrong, inTime, inside] = await Promise.all(Array.from({ length: 4 }, () => connectTo(server)));
    await inside.expect('AUTH secret\r\n', '+OK\r\n');
    clock.advance(4000);
    await wrong.expect('AUTH guess\r\n', '-WRONGPASS invalid username-password pair or user is disabled.\r\n');
    await inTime.expect('AUTH secret\r\n', '+OK\r\n');
    clock.advance(1000);
    expect(await silent.takeAll()).toBe(OVERDUE);
    expect(await wrong.takeAll()).toBe(OVERDUE);
    clock.advance(100_000);
    await inTime.expect('PING\r\n', '+PONG\r\n');
    await inside.expect('PING\r\n', '+PONG\r\n');
    expect(await infoNumber(inside, 'client_unauthenticated_disconnections')).toBe(2);
    expect(log.lines).toEqual([
      'an attempt to authenticate from this machine failed',
      expect.stringMatching(
        /^client \d \(127\.0\.0\.1:\d+\) disconnected: not authenticated in time \(auth-timeout\)$/,
      ),
      expect.stringMatching(/ are over: 2 clients within a second; after the first: client \d \(127\.0\.0\.1:\d+\)$/),
    ]);
  });

  it('starts anew with RESET, can be changed and turned off', async () => {
    const clock = new FakeClock();
    const server = await startServer({ requirepass: 'secret', 'auth-timeout': 5 }, { clock });
    const [admin, again] = [await member(server), await member(server)];
    clock.advance(100_000);
    await again.expect('RESET\r\n', '+RESET\r\n');
    await admin.expect('CONFIG SET auth-timeout 0\r\n', '+OK\r\n');
    clock.advance(1_000_000);
    await again.expect('PING\r\n', '-NOAUTH Authentication required.\r\n');
    await admin.expect('CONFIG SET auth-timeout 2000\r\n', '+OK\r\n');
    clock.advance(1_000_000);
    expect(await again.takeAll()).toBe(OVERDUE);
  });

  it('does not start anew with RESET from a client that has not authenticated', async () => {
    const clock = new FakeClock();
    const server = await startServer({ requirepass: 'secret', 'auth-timeout': 5 }, { clock });
    const client = await connectTo(server);
    for (let second = 1; second < 5; second++) {
      clock.advance(1000);
      await client.expect('RESET\r\n', '+RESET\r\n');
    }
    clock.advance(1000);
    expect(await client.takeAll()).toBe(OVERDUE);
  });

  it('does not apply to clients that need not authenticate', async () => {
    const clock = new FakeClock();
    const client = await connectTo(await startServer({}, { clock }));
    clock.advance(1_000_000);
    await client.expect('PING\r\n', '+PONG\r\n');
  });
});

describe('clients that have not authenticated', () => {
  it('hold at most 16 MB together: the largest are disconnected, immediately', async () => {
    const log = keepLog();
    // Time stands still: nothing here waits for the heartbeat.
    const server = await startServer({ requirepass: 'secret' }, { clock: new FakeClock(), log });
    const admin = await member(server);
    const modest = await connectTo(server);
    await modest.send('*2\r\n$4\r\nAUTH\r\n$6\r\nsec');
    const greedy: RawClient[] = [];
    const part = `*16\r\n${`$16384\r\n${'x'.repeat(16_384)}\r\n`.repeat(15)}`;
    for (let i = 0; i < 150; i++) {
      const client = await connectTo(server);
      greedy.push(client);
      await client.send(part);
    }
    // Requests are read in order: once later ones have been served, all that was sent has arrived.
    while ((await infoNumber(admin, 'client_unauthenticated_disconnections')) < 70);
    expect(await infoNumber(admin, 'mem_clients_normal')).toBeLessThan(18 * 2 ** 20 + 160 * 6000);
    expect(await infoNumber(admin, 'connected_clients')).toBeGreaterThan(30);
    expect(log.lines).toEqual([
      expect.stringMatching(/ disconnected: clients that have not authenticated use too much memory$/),
    ]);
    await modest.expect('ret\r\n', '+OK\r\n');
    for (const client of greedy) client.close();
    while ((await infoNumber(admin, 'connected_clients')) > 2);
    expect(await infoNumber(admin, 'mem_clients_normal')).toBeLessThan(200_000);
  });

  it('may have few unread replies: if they do not read their errors, nothing more is read from them', async () => {
    const server = await startServer({ requirepass: 'secret' });
    const admin = await member(server);
    const deaf = await connectTo(server);
    deaf.socket.pause();
    deaf.socket.write(`x ${'y'.repeat(120)}\r\n`.repeat(100_000));
    let line = '';
    const field = (name: string) => Number(new RegExp(` ${name}=(\\d+)`).exec(line)?.[1]);
    do line = (await admin.bulk('CLIENT', 'LIST')).split('\n').find((text) => text.includes('cmd=NULL')) ?? '';
    while (!(field('omem') > 0 && field('qbuf') > 0));
    expect(field('omem')).toBeLessThan(200 * 1024);
    expect(field('tot-mem')).toBeLessThan(500 * 1024);
  });

  it('make room for new clients at maxclients, the oldest first', async () => {
    const log = keepLog();
    const clock = new FakeClock();
    const server = await startServer({ requirepass: 'secret', maxclients: 3 }, { clock, log });
    const admin = await member(server);
    const [first, second] = [await connectTo(server), await connectTo(server)];
    const third = await member(server);
    expect(await first.takeAll()).toBe('-ERR max number of clients reached\r\n');
    await second.expect('AUTH secret\r\n', '+OK\r\n');
    expect(await (await connectTo(server)).takeAll()).toBe('-ERR max number of clients reached\r\n');
    await third.expect('PING\r\n', '+PONG\r\n');
    expect(await infoNumber(admin, 'client_unauthenticated_disconnections')).toBe(1);
    expect(await infoNumber(admin, 'rejected_connections')).toBe(1);
    expect(log.lines).toEqual([
      expect.stringMatching(/^client 2 .* disconnected: max number of clients reached$/),
      'refused a connection from this machine: too many clients (maxclients 3)',
    ]);
  });
});
