import { afterEach, describe, expect, it } from 'vitest';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { frame, type RawClient } from '../raw-client.js';
import { infoNumber } from './ask.js';

afterEach(stopServers);

const KB = 1024;
const MB = 1024 * KB;

/** Returns the fields of a client in CLIENT LIST, by its name. */
async function fieldsOf(admin: RawClient, name: string): Promise<Record<string, string>> {
  const lines = (await admin.bulk('CLIENT', 'LIST')).split('\n');
  const line = lines.find((text) => text.includes(` name=${name} `)) ?? '';
  return Object.fromEntries(line.split(' ').map((field) => field.split('=')));
}

/** The first `bytes` bytes of an argument of 64 MB. */
const part = (bytes: number) => `*3\r\n$3\r\nSET\r\n$1\r\na\r\n$67108864\r\n${'x'.repeat(bytes)}`;

describe('maxmemory-clients', () => {
  it('holds at all times, however many clients send at once: the largest are disconnected, with an error', async () => {
    const log = keepLog();
    // Time stands still, so there is no heartbeat.
    const server = await startServer({ 'maxmemory-clients': 20 * MB }, { clock: new FakeClock(), log });
    const admin = await connectTo(server);
    const small = await connectTo(server);
    await small.send(part(10));
    const large = await Promise.all(Array.from({ length: 60 }, () => connectTo(server)));
    let most = 0;
    let sent = 0;
    const watching = (async () => {
      while (sent < large.length) most = Math.max(most, await infoNumber(admin, 'mem_clients_normal'));
    })();
    for (const client of large) {
      await client.send(part(MB));
      sent++;
    }
    await watching;
    while ((await infoNumber(admin, 'evicted_clients')) < 40);
    most = Math.max(most, await infoNumber(admin, 'mem_clients_normal'));
    expect(most).toBeLessThan(20 * MB + 100 * KB);
    expect(await infoNumber(admin, 'connected_clients')).toBeGreaterThan(10);
    expect(log.lines).toEqual([
      expect.stringMatching(
        /^client \d+ \(127\.0\.0\.1:\d+\) disconnected: all clients together hold too much memory, and this client is among the largest \(maxmemory-clients\)$/,
      ),
    ]);
    await small.send('PING\r\n');
    expect((await fieldsOf(admin, '')).id).toBeDefined();
    await admin.expect('PING\r\n', '+PONG\r\n');
  });

  it('counts queued commands, subscriptions and unread output, and CLIENT LIST shows the same', async () => {
    const server = await startServer();
    const admin = await connectTo(server);
    const client = await connectTo(server);
    await client.expect('CLIENT SETNAME it\r\n', '+OK\r\n');
    const idle = Number((await fieldsOf(admin, 'it'))['tot-mem']);
    await client.expect('SUBSCRIBE a\r\nPSUBSCRIBE b*\r\n', '*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n');
    await client.takeUntil(':2\r\n');
    const listening = Number((await fieldsOf(admin, 'it'))['tot-mem']);
    expect(listening - idle).toBeGreaterThan(900);
    await client.expect('RESET\r\nCLIENT SETNAME it\r\nMULTI\r\n', '+RESET\r\n+OK\r\n+OK\r\n');
    await client.expect(frame('SET', 'k', 'x'.repeat(10_000)), '+QUEUED\r\n');
    const fields = await fieldsOf(admin, 'it');
    expect(Number(fields['multi-mem'])).toBeGreaterThan(10_000);
    expect(Number(fields['tot-mem'])).toBe(idle + Number(fields['multi-mem']));
    await client.expect('DISCARD\r\n', '+OK\r\n');
    expect(Number((await fieldsOf(admin, 'it'))['tot-mem'])).toBe(idle);
    // Arguments of an incomplete request: their positions are counted too.
    await client.send(`*1000000\r\n${'$0\r\n\r\n'.repeat(50_000)}`);
    let pending = fields;
    do pending = await fieldsOf(admin, 'it');
    while (Number(pending.qbuf) < 300_000);
    expect(Number(pending['argv-mem'])).toBeGreaterThan(50_000 * 16);
    expect(Number(pending['tot-mem'])).toBe(
      idle + Number(pending.qbuf) + Number(pending['qbuf-free']) + Number(pending['argv-mem']),
    );
    expect(await infoNumber(admin, 'mem_clients_normal')).toBeGreaterThan(Number(pending['tot-mem']));
  });

  it('frees the positions of a large request once it has been served', async () => {
    const server = await startServer();
    const [admin, client] = [await connectTo(server), await connectTo(server)];
    await client.expect('CLIENT SETNAME it\r\n', '+OK\r\n');
    const idle = (await fieldsOf(admin, 'it'))['tot-mem'];
    await client.send(`*100000\r\n$6\r\nEXISTS\r\n${'$1\r\na\r\n'.repeat(99_999)}`);
    await client.takeUntil(':0\r\n');
    expect((await fieldsOf(admin, 'it'))['tot-mem']).toBe(idle);
  });

  it('spares NO-EVICT clients and evicts the next largest; lowering the limit evicts immediately', async () => {
    const server = await startServer({}, { clock: new FakeClock() });
    const [admin, spared, queue] = [await connectTo(server), await connectTo(server), await connectTo(server)];
    await spared.expect('CLIENT NO-EVICT ON\r\n', '+OK\r\n');
    await queue.expect('MULTI\r\n', '+OK\r\n');
    await queue.expect(frame('SET', 'k', 'x'.repeat(200_000)), '+QUEUED\r\n');
    await spared.send(part(MB));
    while ((await infoNumber(admin, 'mem_clients_normal')) < MB + 200_000);
    await admin.expect('CONFIG SET maxmemory-clients 1mb\r\n', '+OK\r\n');
    await queue.takeAll();
    expect(await infoNumber(admin, 'evicted_clients')).toBe(1);
    await admin.expect('CONFIG SET maxmemory-clients 50% maxmemory 1gb\r\n', '+OK\r\n');
    await admin.expect('CONFIG GET maxmemory-clients\r\n', '*2\r\n$17\r\nmaxmemory-clients\r\n$3\r\n50%\r\n');
    await spared.send('x');
    await admin.expect('CONFIG SET maxmemory 300mb\r\n', '+OK\r\n');
    await admin.expect('PING\r\n', '+PONG\r\n');
    for (const bad of ['101%', '0%', '1.5%', '1kb', 'x']) {
      await admin.send(frame('CONFIG', 'SET', 'maxmemory-clients', bad));
      expect(await admin.takeUntil('\r\n')).toMatch(/^-ERR CONFIG SET failed .* - expected 0, a size from/);
    }
  });

  it('holds for messages that subscribers do not read, while they are published', async () => {
    const server = await startServer({ 'maxmemory-clients': 20 * MB }, { clock: new FakeClock() });
    const publisher = await connectTo(server);
    const deaf = await Promise.all(Array.from({ length: 10 }, () => connectTo(server)));
    for (const client of deaf) {
      await client.send('SUBSCRIBE a\r\n');
      await client.takeUntil(':1\r\n');
      client.socket.pause();
    }
    const message = frame('PUBLISH', 'a', 'x'.repeat(4 * MB));
    for (let i = 0; i < 4; i++) {
      await publisher.send(message);
      await publisher.takeUntil('\r\n');
      expect(await infoNumber(publisher, 'mem_clients_normal')).toBeLessThan(25 * MB);
    }
    expect(await infoNumber(publisher, 'evicted_clients')).toBeGreaterThan(0);
  });
});
