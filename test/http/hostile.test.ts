import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import type { Config, Server } from '../../src/index.js';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import { RawClient } from '../raw-client.js';
import { ask } from '../server/ask.js';
import { writeCertificate } from '../tools/certificate.js';
import { turnEventLoop } from '../turn-event-loop.js';
import { basic, send } from './send.js';

const clients: RawClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await stopServers();
});

const start = (config: Partial<Config> = {}, parts: Parameters<typeof startServer>[1] = {}) =>
  startServer({ 'http-port': 0, ...config }, parts);

/** Opens a connection to the HTTP port. */
async function open(server: Server, isSecure = false): Promise<RawClient> {
  const address = { port: server.httpAddresses[0].port, host: '127.0.0.1' };
  const client = isSecure
    ? await RawClient.over(connectTls({ ...address, rejectUnauthorized: false }), 'secureConnect')
    : await RawClient.over(connect(address));
  clients.push(client);
  return client;
}

/** Sends bytes, and returns what arrives until the server ends the connection. */
async function exchange(server: Server, bytes: string): Promise<string> {
  const client = await open(server);
  await client.send(bytes);
  return client.takeAll();
}

const LIVEZ = 'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n';

const UNFINISHED_POST =
  'POST /api/names HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{';

/** Waits until a connection has been served. */
async function served(client: RawClient): Promise<void> {
  await client.send(LIVEZ);
  await client.takeUntil('\r\n\r\nok');
}

describe('a request', () => {
  it.each([
    ['a long URL', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431],
    ['a long header', `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['many headers', `GET / HTTP/1.1\r\nHost: localhost\r\n${'X: x\r\n'.repeat(10_000)}\r\n`, 431],
    ['an unknown method', 'STEAL / HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
    ['no host', 'GET /livez HTTP/1.1\r\n\r\n', 400],
    ['two lengths', 'POST /api/names HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    [
      'a length and chunks',
      'POST /api/names HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
    ],
    ['no HTTP', '*1\r\n$4\r\nPING\r\n', 400],
    ['a broken chunk', 'POST /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 400],
  ])('with %s is refused, and the connection ends', async (_, bytes, status) => {
    const server = await start();
    expect(await exchange(server, bytes)).toMatch(new RegExp(`^HTTP/1\\.1 (?:${status}|405) `));
    expect((await send(server, '/livez')).status).toBe(200);
  });

  it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'POST'])(
    'with the method %s is refused',
    async (method) => {
      const server = await start();
      for (const path of ['/livez', '/', '/nosuch']) {
        const { status, headers } = await send(server, path, {
          method,
          headers: { 'Content-Type': 'application/json' },
        });
        expect([path, status, headers.allow]).toEqual([path, 405, expect.stringMatching(/^GET, HEAD(?:, POST)?$/)]);
      }
    },
  );

  it('for a path of another method is refused with the right one', async () => {
    expect(await send(await start(), '/api/end-name', { method: 'PUT' })).toMatchObject({ status: 405 });
  });

  it.each([
    '/../package.json',
    '/..%2fpackage.json',
    '/%2e%2e/package.json',
    '/assets/../../package.json',
    '/assets/..%2f..%2fpackage.json',
    '//etc/passwd',
    '/%00',
    '/index.html%00.js',
    '/.',
    '/assets',
    '/assets/',
    '/%',
    '/constructor',
    '/__proto__',
  ])('for %s finds nothing', async (path) => {
    const client = await open(await start());
    await client.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    // "/." is "/", which the page answers.
    expect(await client.takeAll()).toMatch(path === '/.' ? /^HTTP\/1\.1 200 / : /^HTTP\/1\.1 (?:404|400) /);
  });

  it('gets an answer that repeats no credentials', async () => {
    const server = await start({ users: 'x monitor wordpass' });
    const { Authorization } = basic('x', 'wordpas');
    const request = `GET /wordpas HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${Authorization}\r\nConnection: close\r\n\r\n`;
    const answer = await exchange(server, request);
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(answer).not.toContain('wordpas');
    expect(answer).not.toContain(Authorization);
  });

  it('may come with others in one read, and each is answered in turn', async () => {
    const server = await start();
    const client = await open(server);
    await client.send(LIVEZ.repeat(8));
    for (let i = 0; i < 8; i++) expect(await client.takeUntil('\r\n\r\nok')).toMatch(/^HTTP\/1\.1 200 /);
  });

  it.each(['HTTP', 'HTTPS'])(
    'over %s ends the connection if too many others on it are not answered yet, and no more are started',
    async (protocol) => {
      const isSecure = protocol === 'HTTPS';
      const directory = temporaryDirectory();
      if (isSecure) writeCertificate(directory, 'localhost');
      const certificate = { 'tls-cert': join(directory, 'cert.pem'), 'tls-key': join(directory, 'key.pem') };
      const server = await start(isSecure ? certificate : {});
      const client = await open(server, isSecure);
      let started = 0;
      const count = () => started++;
      subscribe('http.server.request.start', count);
      // Arrives in few reads, of up to 64 KB each.
      await client.send(LIVEZ.repeat(5000));
      const answers = await client.takeAll();
      unsubscribe('http.server.request.start', count);
      expect(started).toBe(9);
      expect(answers.split('HTTP/1.1 200 ').length - 1).toBeLessThanOrEqual(8);
      expect((await send(server, '/livez', { rejectUnauthorized: false })).status).toBe(200);
    },
  );

  it('of HTTP/1.0 needs no host for a health check', async () => {
    const server = await start();
    expect(await exchange(server, 'GET /livez HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 .*ok$/s);
    expect(await exchange(server, 'GET /metrics HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 403 /);
  });

  it('is still answered when its client has ended its side', async () => {
    const client = await open(await start());
    client.socket.end(LIVEZ);
    expect(await client.takeAll()).toMatch(/^HTTP\/1\.1 200 .*ok$/s);
  });
});

describe('connections', () => {
  it('that do nothing make room for others', async () => {
    const server = await start();
    const idle: RawClient[] = [];
    for (let i = 0; i < 520; i++) idle.push(await open(server));
    expect((await send(server, '/livez')).status).toBe(200);
    // The oldest ones had to go.
    await idle[0].takeAll();
    await served(idle[519]);
  });

  it('that are all busy make room too, but not those that send events', async () => {
    const server = await start();
    const watcher = await open(server);
    await watcher.send('GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await watcher.takeUntil('event: hello');
    const busy: RawClient[] = [];
    for (let i = 0; i < 520; i++) {
      busy.push(await open(server));
      // Its answer shows that the other request, in the same read, has begun too.
      await busy[i].send(LIVEZ + UNFINISHED_POST);
      await busy[i].takeUntil('\r\n\r\nok');
    }
    expect((await send(server, '/livez')).status).toBe(200);
    await busy[0].takeAll();
    await ask(await connectTo(server), 'SESSION.NEW after-the-rush');
    await watcher.takeUntil('after-the-rush');
  });

  it('whose headers do not arrive in time are ended', async () => {
    const server = await start();
    const silent = await open(server);
    const slow = await open(server);
    await slow.send('GET /livez HTTP/1.1\r\nHost');
    expect(await slow.takeAll()).toMatch(/^HTTP\/1\.1 408 /);
    await silent.takeAll();
  });

  it('that vanish half-way do no harm', async () => {
    const log = keepLog();
    const server = await start({}, { log });
    for (const bytes of ['GET', LIVEZ.slice(0, -2), UNFINISHED_POST]) {
      const client = await open(server);
      await client.send(bytes);
      for (let turns = 0; turns < 20; turns++) await turnEventLoop();
      client.socket.resetAndDestroy();
    }
    expect((await send(server, '/livez')).status).toBe(200);
    await server.close();
    expect(log.lines.join('\n')).not.toContain('internal error');
  });
});

describe('a stop', () => {
  it.each([
    ['has sent nothing', ''],
    ['has sent half of the headers', 'GET /livez HTTP/1.1\r\nHost'],
    ['is idle after a request', LIVEZ],
    ['does not send its body', UNFINISHED_POST],
    ['reads events', 'GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ])('is not delayed by a client that %s', async (_, bytes) => {
    const server = await start();
    const client = await open(server);
    await client.send(bytes);
    if (bytes.startsWith('GET /livez HTTP/1.1\r\nHost: ')) await client.takeUntil('\r\n\r\nok');
    if (bytes.startsWith('GET /live ')) await client.takeUntil('event: hello');
    await served(await open(server));
    await server.close();
    await client.takeAll();
  });

  it('is not delayed by a client that does not read the page', async () => {
    const server = await start();
    const client = await open(server);
    client.socket.pause();
    const request = 'GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n';
    await client.send(request.repeat(20));
    for (let turns = 0; turns < 20; turns++) await turnEventLoop();
    await server.close();
  });
});
