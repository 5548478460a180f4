import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { frame, RawClient } from '../raw-client.js';
import { Program } from '../tools/program.js';

/** Waits until the program takes less memory than `bytes`. V8 returns unused memory only after a while. */
async function memoryWithin(program: Program, bytes: number): Promise<void> {
  while ((await program.info('used_memory_rss')) >= bytes);
}

/** What a hostile or broken client may send. Other clients must not notice it. */
describe('hostile input', () => {
  let program: Program;
  let bystander: Redis;
  let token: string;
  let before: number;

  beforeAll(async () => {
    program = await Program.start();
    bystander = program.client();
    token = (await bystander.call('SESSION.NEW', ['bystander', 'DATA', 'key', 'value'])) as string;
    // Makes the program take the memory that it keeps after its first load.
    await Promise.all(Array.from({ length: 20_000 }, () => bystander.call('SESSION.GET', [token, 'key'])));
  });
  beforeEach(async () => {
    before = await program.info('used_memory_rss');
  });
  afterEach(async () => {
    expect(await bystander.call('SESSION.GET', [token, 'key'])).toBe('value');
    await memoryWithin(program, before + 60e6);
  });
  afterAll(() => program.stop());

  it.each([
    ['a huge array', '*30000000\r\n', 'invalid multibulk length'],
    ['a negative length', '*1\r\n$-5\r\n', 'invalid bulk length'],
    ['a huge argument', '*1\r\n$99999999999\r\n', 'invalid bulk length'],
    ['nested arrays', '*1\r\n'.repeat(100_000), "expected '$', got '*'"],
    ['an integer as argument', '*2\r\n$4\r\nECHO\r\n:1\r\n', "expected '$', got ':'"],
    ['an error as argument', '*2\r\n$4\r\nECHO\r\n-ERR\r\n', "expected '$', got '-'"],
    ['an argument without its CRLF', '*1\r\n$4\r\nPINGPING', 'expected CRLF after bulk'],
    ['a length that is not a number', '*1\r\n$4x\r\nPING\r\n', 'invalid bulk length'],
    ['an HTTP request', 'POST / HTTP/1.1\r\nHost: x\r\n\r\nFLUSHALL\r\n', 'this is not an HTTP server'],
    ['unbalanced quotes', 'ECHO "x\r\n', 'unbalanced quotes in request'],
  ])('%s: gets a protocol error in Redis’ words, and the connection is closed', async (_, bytes, reason) => {
    const client = await RawClient.connect(program.port);
    await client.send(`PING\r\n${bytes}`);
    expect(await client.takeAll()).toBe(`+PONG\r\n-ERR Protocol error: ${reason}\r\n`);
  });

  it('a pattern of megabytes', async () => {
    const client = await RawClient.connect(program.port);
    const pattern = Buffer.alloc(5_000_000, 'a');
    const refusal = '-ERR a pattern must not be longer than 1024 bytes\r\n';
    await client.expect(frame('CONFIG', 'GET', pattern), refusal);
    await client.expect(frame('SESSION.SCAN', '0', 'MATCH', pattern), refusal);
    await client.expect(frame('COMMAND', 'LIST', 'FILTERBY', 'PATTERN', pattern), refusal);
    client.close();
  });

  it('64 MB without a newline', async () => {
    const client = await RawClient.connect(program.port);
    await client.send(Buffer.alloc(64 * 1024 * 1024, 'x')).catch(() => {});
    expect(await client.takeAll()).toMatch(/^(-ERR Protocol error: too big inline request\r\n)?$/);
  });

  it.each([
    ['at once', Infinity],
    ['in pieces', 10_000],
  ])('a request whose total size is too large, %s', async (_, piece) => {
    const small = await Program.start(['--client-query-buffer-limit', '64kb']);
    const client = await RawClient.connect(small.port);
    const bytes = frame('ECHO', 'x'.repeat(70_000));
    for (let at = 0; at < bytes.length; at += piece) await client.send(bytes.subarray(at, at + piece)).catch(() => {});
    expect(await client.takeAll()).toBe('-ERR Protocol error: too big request\r\n');
    const other = await RawClient.connect(small.port);
    await other.expect(frame('ECHO', 'x'.repeat(60_000)), `$60000\r\n${'x'.repeat(60_000)}\r\n`);
    other.close();
    await small.stop();
  });

  it('1,000 clients that each announce a million arguments of 64 MB and fall silent', async () => {
    const clients = await Promise.all(Array.from({ length: 1000 }, () => RawClient.connect(program.port)));
    await Promise.all(clients.map((client) => client.send('*1048576\r\n$67108864\r\nx')));
    expect(await bystander.ping()).toBe('PONG');
    await memoryWithin(program, before + 60e6);
    for (const client of clients) client.close();
  });

  it('half a frame, and then silence or the end of the connection', async () => {
    const silent = await RawClient.connect(program.port);
    await silent.send('*2\r\n$4\r\nEC');
    const ended = await RawClient.connect(program.port);
    ended.socket.end('*2\r\n$4\r\nEC');
    expect(await ended.takeAll()).toBe('');
    await bystander.ping();
    await silent.expect('HO\r\n$2\r\nhi\r\n', '$2\r\nhi\r\n');
    silent.close();
  });

  it('a connection reset in the middle of a reply', async () => {
    const value = 'v'.repeat(2_000_000);
    await bystander.call('SESSION.SET', [token, 'large', value]);
    for (let i = 0; i < 20; i++) {
      const client = await RawClient.connect(program.port);
      await client.send(frame('SESSION.GET', token, 'large'));
      await client.take(1000);
      client.socket.resetAndDestroy();
    }
    expect(((await bystander.call('SESSION.GET', [token, 'large'])) as string).length).toBe(value.length);
    await bystander.call('SESSION.DEL', [token, 'large']);
  });

  it('1,000 connections opened and dropped', async () => {
    for (let round = 0; round < 10; round++) {
      const clients = await Promise.all(Array.from({ length: 100 }, () => RawClient.connect(program.port)));
      for (const [i, client] of clients.entries()) {
        if (i % 3 === 0) client.socket.resetAndDestroy();
        else if (i % 3 === 1) client.close();
        else client.socket.end('PING\r\n*1\r\n$4\r\nPI');
      }
    }
    // The bystander and the client that reads INFO are left.
    while ((await program.info('connected_clients')) > 2);
  });

  it('a pipeline of 10,000 requests in one write is answered in order', async () => {
    const client = await RawClient.connect(program.port);
    const requests = Array.from({ length: 10_000 }, (_, i) => frame('ECHO', String(i)));
    const replies = Array.from({ length: 10_000 }, (_, i) => `$${String(i).length}\r\n${i}\r\n`).join('');
    await client.expect(Buffer.concat(requests), replies);
    client.close();
  });

  it('a client that asks for gigabytes and reads none of them gets no more memory than its limit', async () => {
    const limited = await Program.start(['--client-reply-backlog', '1mb']);
    const [greedy, polite] = [await RawClient.connect(limited.port), limited.client()];
    const session = (await polite.call('SESSION.NEW', ['x', 'DATA', 'key', 'v'.repeat(500_000)])) as string;
    const memory = await limited.info('used_memory_rss');
    greedy.socket.pause();
    const gets = 4000;
    const sent = greedy.send(Buffer.concat(Array.from({ length: gets }, () => frame('SESSION.GET', session, 'key'))));
    for (let i = 0; i < 200; i++) expect(await polite.call('SESSION.COUNT', [session])).toBe(1);
    await memoryWithin(limited, memory + 60e6);
    // When the client reads at last, it gets the replies: many times as much as the limit.
    greedy.socket.resume();
    await sent;
    for (let i = 0; i < gets / 20; i++) expect((await greedy.take(500_011)).startsWith('$500000\r\nv')).toBe(true);
    greedy.close();
    await limited.stop();
  });

  it('a reply beyond the hard limit disconnects only the client that asked for it', async () => {
    const limited = await Program.start(['--client-output-buffer-limit', 'normal 1mb 0 0']);
    const [greedy, polite] = [await RawClient.connect(limited.port), limited.client()];
    const session = (await polite.call('SESSION.NEW', ['x', 'DATA', 'key', 'v'.repeat(500_000)])) as string;
    await greedy.send(frame('SESSION.MGET', session, 'key', 'key', 'key'));
    expect(await greedy.takeAll()).toBe('');
    expect(await polite.call('SESSION.COUNT', [session])).toBe(1);
    expect(limited.log).toMatch(
      /warning client \d+ \(127\.0\.0\.1:\d+\) disconnected: replies exceed the output buffer limit/,
    );
    await limited.stop();
  });
});
