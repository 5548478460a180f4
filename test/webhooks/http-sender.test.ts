import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpSender } from '../../src/webhooks/http-sender.js';
import { FakeClock } from '../fake-clock.js';
import { hasOpenssl, writeSignedCertificate } from '../tools/certificate.js';

const BODY = Buffer.from('{"type":"session.expired"}');
const HEADERS = { 'webhook-id': '1-0_a' };

const endings: (() => void)[] = [];
afterEach(() => {
  for (const end of endings.splice(0)) end();
});

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  endings.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Starts a receiver. Returns its port. */
const receive = (listener: RequestListener) => listen(createServer(listener));

/** Starts a receiver that answers each connection with bytes. */
const receiveRaw = (answer: (socket: Socket) => void) =>
  listen(createTcpServer((socket) => socket.on('error', () => {}).once('data', () => answer(socket))));

function sender(url: string, options: Partial<ConstructorParameters<typeof HttpSender>[0]> = {}) {
  const clock = new FakeClock();
  const made = new HttpSender({
    url,
    ca: undefined,
    isPrivate: true,
    connections: 4,
    timeoutMs: 15_000,
    clock,
    ...options,
  });
  endings.push(() => made.close());
  return { clock, send: (body = BODY) => made.send(HEADERS, body), close: () => made.close() };
}

describe('a request to a receiver', () => {
  it('has the body, the headers and the credentials of the URL, and keeps its connection', async () => {
    const requests: unknown[] = [];
    const sockets = new Set<Socket>();
    const port = await receive((request, response) => {
      sockets.add(request.socket);
      const { method, url, headers } = request;
      request.on('data', (body) => {
        requests.push({ method, url, body: String(body), headers });
        response.writeHead(204).end();
      });
    });
    const { send } = sender(`http://ada:p%40ss@127.0.0.1:${port}/hooks?key=1`);
    expect(await send()).toEqual({ ok: true, status: 204, reason: '' });
    expect(await send()).toMatchObject({ ok: true });
    expect(requests[0]).toMatchObject({
      method: 'POST',
      url: '/hooks?key=1',
      body: String(BODY),
      headers: {
        'webhook-id': '1-0_a',
        'content-type': 'application/json',
        'content-length': String(BODY.length),
        'user-agent': expect.stringMatching(/^respite\/\d/),
        authorization: `Basic ${Buffer.from('ada:p@ss').toString('base64')}`,
      },
    });
    expect(sockets.size).toBe(1);
  });

  it.each([200, 201, 202, 204, 299])('is accepted with status %i', async (status) => {
    const port = await receive((_, response) => response.writeHead(status).end());
    expect(await sender(`http://127.0.0.1:${port}`).send()).toMatchObject({ ok: true, status });
  });

  it.each([
    [301, 'the response was 301, a redirect, which is not followed'],
    [400, 'the response was 400'],
    [410, 'the response was 410'],
    [500, 'the response was 500'],
  ])('fails with status %i', async (status, reason) => {
    let requests = 0;
    const port = await receive((_, response) => {
      requests++;
      response.writeHead(status, { location: '/elsewhere' }).end('no');
    });
    expect(await sender(`http://127.0.0.1:${port}`).send()).toMatchObject({ ok: false, status, reason });
    expect(requests).toBe(1);
  });

  it.each([
    ['120', 120_000],
    [new Date(Date.UTC(2030, 0, 1, 0, 1)).toUTCString(), 60_000],
    ['soon', undefined],
    ['-5', 0],
  ])('understands Retry-After: %s', async (header, retryAfterMs) => {
    for (const [status, expected] of [
      [429, retryAfterMs],
      [503, retryAfterMs],
      [500, undefined],
    ] as const) {
      const port = await receive((_, response) => response.writeHead(status, { 'retry-after': header }).end());
      const outcome = await sender(`http://127.0.0.1:${port}`).send();
      // A date that JavaScript reads in some way is in the past.
      if (header === '-5') expect(outcome.retryAfterMs ?? 0).toBe(0);
      else expect(outcome.retryAfterMs).toBe(expected);
    }
  });

  it('fails if nobody listens', async () => {
    const server = createTcpServer();
    const port = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    const outcome = await sender(`http://127.0.0.1:${port}`).send();
    expect(outcome).toEqual({ ok: false, reason: 'ECONNREFUSED: connection refused' });
  });

  it('fails if the name does not exist, without waiting for another', async () => {
    const outcome = await sender('http://nowhere.invalid/').send();
    expect(outcome.reason).toMatch(/^(?:ENOTFOUND|EAI_AGAIN)/);
  });

  it('fails if the connection takes too long', async () => {
    const { clock, send } = sender('http://shop.example/', {
      isPrivate: false,
      // It never answers.
      resolve: (() => {}) as never,
    });
    const outcome = send();
    clock.advance(9999);
    clock.advance(1);
    expect(await outcome).toEqual({ ok: false, reason: 'no connection within 10 s' });
  });

  it('fails if the receiver does not answer in time, or not completely', async () => {
    let onRequest = () => {};
    const port = await receive((_, response) => {
      response.writeHead(200).write('a');
      onRequest();
    });
    const { clock, send } = sender(`http://127.0.0.1:${port}`);
    const received = new Promise<void>((resolve) => {
      onRequest = resolve;
    });
    const outcome = send();
    await received;
    clock.advance(15_000);
    expect(await outcome).toEqual({ ok: false, reason: 'no complete response within 15 s' });
  });

  it.each([
    ['closes', ''],
    ['closes half-way through the headers', 'HTTP/1.1 200 OK\r\nContent-Le'],
    ['closes half-way through the body', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'],
    ['closes half-way through a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf'],
    ['speaks no HTTP', '-ERR unknown command\r\n'],
    ['switches protocols', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'],
    ['has endless headers', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(100_000)}\r\n\r\n`],
  ])('fails if the receiver %s', async (_, bytes) => {
    const port = await receiveRaw((socket) => socket.end(bytes));
    const outcome = await sender(`http://127.0.0.1:${port}`).send();
    expect(outcome.ok).toBe(false);
    expect(outcome.reason).not.toBe('');
  });

  it('reads only a bounded part of a response', async () => {
    let sent = 0;
    const port = await receive((_, response) => {
      response.writeHead(200);
      response.on('error', () => {});
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384))) sent += 16_384;
        response.once('drain', more);
      };
      more();
    });
    expect(await sender(`http://127.0.0.1:${port}`).send()).toEqual({ ok: true, status: 200, reason: '' });
    expect(sent).toBeLessThan(64 * 2 ** 20);
  });

  it('is sent again at once if kept connections turn out to be closed', async () => {
    let served = 0;
    const answers: (() => void)[] = [];
    const port = await listen(
      createTcpServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => {
          served++;
          answers.push(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
          if (served !== 1) for (const answer of answers.splice(0)) answer();
          // The next request on this connection is reset.
          socket.once('data', () => socket.resetAndDestroy());
        });
      }),
    );
    const { send } = sender(`http://127.0.0.1:${port}`);
    const two = await Promise.all([send(), send()]);
    expect(two).toEqual(Array(2).fill({ ok: true, status: 200, reason: '' }));
    expect(await send()).toMatchObject({ ok: true });
    expect(served).toBe(3);
  });

  it('fails if the receiver closes each connection because of it, though other messages keep them open', async () => {
    let refused = 0;
    const port = await receive(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      if (body === 'unwanted' && refused++ < 20) {
        // Leaves a kept connection for the next attempt.
        await send();
        request.socket.resetAndDestroy();
      } else {
        response.end();
      }
    });
    const { send } = sender(`http://127.0.0.1:${port}`);
    await send();
    expect(await send(Buffer.from('unwanted'))).toEqual({ ok: false, reason: 'the receiver closes each connection' });
    expect(refused).toBe(5);
  });

  it('ends when the webhook is closed', async () => {
    let onRequest = () => {};
    const received = new Promise<void>((resolve) => {
      onRequest = resolve;
    });
    const port = await receive(() => onRequest());
    const { send, close } = sender(`http://127.0.0.1:${port}`);
    const outcome = send();
    await received;
    close();
    expect(await outcome).toEqual({ ok: false, reason: 'the webhook is closed' });
  });
});

describe('a receiver at a private address', () => {
  const resolvesTo = (...addresses: string[]) =>
    ((_: string, __: unknown, callback: (error: null, found: object[]) => void) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      )) as never;

  it.each([['127.0.0.1'], ['10.1.2.3', '::1'], ['169.254.169.254'], ['::ffff:127.0.0.1'], ['fd00:ec2::254']])(
    'is refused, whatever its name: %s',
    async (...addresses) => {
      let connections = 0;
      const server = createTcpServer(() => connections++);
      const port = await listen(server);
      const url = `http://shop.example:${port}/`;
      const outcome = await sender(url, { isPrivate: false, resolve: resolvesTo(...addresses) }).send();
      expect(outcome).toEqual({ ok: false, reason: 'the receiver has only private addresses: see private=yes' });
      expect(connections).toBe(0);
    },
  );

  it('is refused also if the name led to a public address before', async () => {
    const found = [['192.0.2.1'], ['127.0.0.1']];
    const port = await receive((_, response) => response.end());
    const resolve = ((...args: [string, object, (...result: unknown[]) => void]) =>
      (resolvesTo(...(found.shift() ?? [])) as (...all: unknown[]) => void)(...args)) as never;
    const { send } = sender(`http://shop.example:${port}/`, { isPrivate: false, resolve });
    for (let i = 0; i < 2; i++) expect((await send()).ok).toBe(false);
    expect(found).toEqual([]);
  });
});

describe.runIf(hasOpenssl)('a receiver with TLS', () => {
  it('must have a certificate for its name that an authority has signed', async () => {
    const own = mkdtempSync(join(tmpdir(), 'respite-webhook-'));
    endings.push(() => rmSync(own, { recursive: true }));
    writeSignedCertificate(own, 'localhost');
    const [key, cert, ca] = ['key.pem', 'cert.pem', 'ca.pem'].map((file) => readFileSync(join(own, file), 'utf8'));
    let requests = 0;
    const server = createHttpsServer({ key, cert }, (_, response) => {
      requests++;
      response.end();
    });
    server.on('tlsClientError', () => {});
    const port = await listen(server);
    expect(await sender(`https://localhost:${port}`, { ca }).send()).toMatchObject({ ok: true });
    const unsigned = await sender(`https://localhost:${port}`).send();
    expect(unsigned.reason).toMatch(/unable to (?:verify|get)|self-signed|UNABLE/i);
    const other = await sender(`https://127.0.0.1:${port}`, { ca }).send();
    expect(other.reason).toMatch(/IP: 127\.0\.0\.1 is not in|ERR_TLS_CERT_ALTNAME_INVALID/);
    expect(requests).toBe(1);
  });

  it('must speak TLS', async () => {
    const port = await receive((_, response) => response.end());
    const outcome = await sender(`https://127.0.0.1:${port}`).send();
    expect(outcome.ok).toBe(false);
  });
});
