import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { type Config, ConfigError, createServer } from '../../../src/index.js';
import { connectTo, keepLog, startServer, stopServers } from '../../embedded-server.js';
import { FakeClock } from '../../fake-clock.js';
import { temporaryDirectory } from '../../journal/temporary-directory.js';
import { RawClient } from '../../raw-client.js';
import { infoNumber } from '../../server/ask.js';
import { writeCertificate } from '../../tools/certificate.js';
import { turnEventLoop } from '../../turn-event-loop.js';
import { basic, send } from '../send.js';

afterEach(stopServers);

const HTTP = { 'http-port': 0 } as const;
const USERS = 'watcher read,monitor wordpass;writer read,write secret;deputy read,write,events,admin,monitor s3cret';
const NAMES = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' };

const HOW_TO_LOG_IN =
  'reload and log in as a user with the permission monitor, or as default with the password of requirepass';

/** An address of this machine that is not a loopback address. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find((found) => found?.internal === false && found.family === 'IPv4')?.address;

/** Posts a search for names. */
function search(server: Parameters<typeof send>[0], headers: Record<string, string> = {}, path = '/api/names') {
  return send(server, path, { ...NAMES, headers: { ...NAMES.headers, ...headers } });
}

describe('without a password', () => {
  it.each([
    ['127.0.0.1', 200],
    ['127.0.0.1:8080', 200],
    ['[::1]:8080', 200],
    ['10.1.2.3:8080', 200],
    ['localhost', 200],
    ['LOCALHOST:8080', 200],
    ['respite.localhost:8080', 200],
    ['evil.example', 403],
    ['127.0.0.1.evil.example:8080', 403],
    ['localhost.evil.example', 403],
    ['evil.example.', 403],
  ])('answers requests for the host %s with the status %i', async (Host, status) => {
    const server = await startServer(HTTP);
    expect((await search(server, { Host })).status).toBe(status);
    expect((await send(server, '/', { headers: { Host } })).status).toBe(status);
    // Health checks reveal nothing.
    expect((await send(server, '/livez', { headers: { Host } })).status).toBe(200);
  });

  it('answers requests for a name that http-bind has', async () => {
    const server = await startServer({ ...HTTP, 'http-bind': 'localhost' });
    expect((await search(server, { Host: 'localhost:1' })).status).toBe(200);
    expect((await search(server, { Host: 'other.example' })).status).toBe(403);
  });

  it.skipIf(outside === undefined)(
    'serves other machines nothing but health checks, unless protected mode is off',
    async () => {
      const log = keepLog();
      const server = await startServer({ ...HTTP, 'http-bind': '0.0.0.0' }, { log });
      const from = { httpUrl: `http://${outside}:${server.httpAddresses[0].port}` };
      expect((await send(from, '/readyz')).status).toBe(200);
      expect(log.entries).toEqual([]);
      expect(await search(from)).toMatchObject({ status: 403, text: expect.stringContaining('requirepass') });
      expect(log.entries).toMatchObject([
        {
          level: 'warning',
          message: expect.stringMatching(
            `^refused an HTTP request from ${outside}: respite is in protected mode: .*requirepass`,
          ),
          fields: { event: 'protected-mode', state: 'begins', from: outside },
        },
      ]);
      const neighbour = await connectTo(server);
      expect(await infoNumber(neighbour, 'rejected_connections')).toBe(0);
      await neighbour.expect('CONFIG SET protected-mode no\r\n', '+OK\r\n');
      expect((await search(from)).status).toBe(200);
      await (await connectTo(server)).expect('CONFIG SET requirepass x\r\n', '+OK\r\n');
      expect((await search(from)).status).toBe(401);
    },
  );
});

describe('with users', () => {
  it('asks for a password, and answers users that have the permission monitor', async () => {
    const server = await startServer({ ...HTTP, users: USERS });
    for (const path of ['/', '/nosuch', '/assets/x.js']) {
      const response = await send(server, path);
      expect([response.status, response.headers['www-authenticate']]).toEqual([
        401,
        'Basic realm="respite", charset="UTF-8"',
      ]);
    }
    expect((await send(server, '/readyz')).status).toBe(200);
    expect((await search(server, basic('watcher', 'wordpass'))).status).toBe(200);
    // A name cannot be taken over from another site, because a browser sends it no password.
    expect((await search(server, { ...basic('watcher', 'wordpass'), Host: 'respite.example' })).status).toBe(200);
    const refused = await search(server, basic('writer', 'secret'));
    expect(refused).toMatchObject({ status: 403, text: 'the user writer does not have the permission monitor\n' });
  });

  it.each([
    ['a wrong password', basic('watcher', 'wordpas')],
    ['the password of another user', basic('watcher', 'secret')],
    ['a user that does not exist', basic('nobody', 'wordpass')],
    ['the default user, which has no password', basic('default', '')],
    ['no name and no password', basic('', '')],
  ])('refuses %s, and repeats nothing of it', async (_, headers) => {
    const server = await startServer({ ...HTTP, users: USERS });
    const refused = await search(server, headers);
    expect(refused).toMatchObject({ status: 401, text: `wrong user or password: ${HOW_TO_LOG_IN}\n` });
  });

  it.each([
    ['another scheme', 'Bearer d2F0Y2hlcjp3b3JkcGFzcw=='],
    ['no colon', `Basic ${Buffer.from('watcher').toString('base64')}`],
    ['no base64', 'Basic watcher:wordpass'],
    ['nothing', 'Basic '],
  ])('challenges a request whose credentials have %s', async (_, Authorization) => {
    const server = await startServer({ ...HTTP, users: USERS });
    expect(await search(server, { Authorization })).toMatchObject({
      status: 401,
      text: `respite needs a password: ${HOW_TO_LOG_IN}\n`,
    });
  });

  it('runs commands as the user, with its permissions', async () => {
    const server = await startServer({ ...HTTP, users: USERS });
    const end = (user: string, password: string) =>
      send(server, '/api/end-name', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...basic(user, password) },
        body: '{"name":"x"}',
      });
    const refused = await end('watcher', 'wordpass');
    expect([refused.status, JSON.parse(refused.text)]).toEqual([
      403,
      { code: 'NOPERM', error: "User watcher has no permissions to run the 'session.endname' command" },
    ]);
    expect(JSON.parse((await end('deputy', 's3cret')).text)).toEqual({ ended: 0 });
  });
});

describe('a reload of the users', () => {
  it.each([
    ['has lost a permission', 'deputy read,monitor s3cret'],
    ['no longer exists', 'watcher read,monitor wordpass'],
  ])('applies to a request whose body has not arrived yet, if its user %s', async (_, users) => {
    let now = USERS;
    const read = () => ({ ...HTTP, bind: '127.0.0.1', port: 0, users: now });
    const server = await startServer(read(), { source: { read } });
    const client = await RawClient.connect(server.httpAddresses[0].port);
    const headers = {
      Host: 'localhost',
      ...basic('deputy', 's3cret'),
      ...NAMES.headers,
      'Content-Length': 12,
      Expect: '100-continue',
      Connection: 'close',
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    await client.send(`POST /api/end-name HTTP/1.1\r\n${lines.join('')}\r\n`);
    await client.takeUntil('HTTP/1.1 100 Continue\r\n\r\n');
    now = users;
    server.reload();
    await client.send('{"name":"x"}');
    expect(await client.takeAll()).toMatch(/^HTTP\/1\.1 403 .*NOPERM/s);
  });
});

describe('with requirepass', () => {
  it('takes the password for the user default or for an empty name, byte by byte', async () => {
    const password = 'pa:ß\u{1f600}';
    const server = await startServer({ ...HTTP, requirepass: password });
    for (const name of ['default', '']) expect((await search(server, basic(name, password))).status).toBe(200);
    for (const given of ['', 'pa', `${password}x`]) {
      expect((await search(server, basic('default', given))).status).toBe(401);
    }
    expect((await search(server, basic('other', password))).status).toBe(401);
  });
});

describe('password guessing', () => {
  async function start(config: Partial<Config> = {}) {
    const clock = new FakeClock();
    const log = keepLog();
    const server = await startServer({ ...HTTP, users: USERS, ...config }, { clock, log });
    return { clock, log, server };
  }

  it('is slowed down together with that by AUTH, and logged; the right password works at once', async () => {
    const { clock, log, server } = await start();
    const client = await connectTo(server);
    for (let i = 0; i < 5; i++) expect((await search(server, basic('watcher', `${i}`))).status).toBe(401);
    for (let i = 0; i < 5; i++) expect(await client.send('AUTH watcher no\r\n')).toBeUndefined();
    for (let i = 0; i < 5; i++) await client.takeUntil('disabled.\r\n');
    let isAnswered = false;
    const eleventh = search(server, basic('watcher', 'wrong')).then((response) => {
      isAnswered = true;
      return response;
    });
    while (!log.lines.some((line) => line.includes('too many failed attempts'))) await turnEventLoop();
    expect((await search(server, basic('watcher', 'wordpass'))).status).toBe(200);
    expect(isAnswered).toBe(false);
    clock.advance(1000);
    expect((await eleventh).status).toBe(401);
    expect(log.lines.join('\n')).not.toContain('wrong');
    const admin = await connectTo(server);
    await admin.expect('AUTH deputy s3cret\r\n', '+OK\r\n');
    expect(await admin.bulk('INFO', 'stats')).toContain('acl_access_denied_auth:11\r\n');
  });

  it.skipIf(outside === undefined)(
    'from another machine: not even the right password is checked meanwhile',
    async () => {
      const { clock, server } = await start({ 'http-bind': '0.0.0.0' });
      const from = { httpUrl: `http://${outside}:${server.httpAddresses[0].port}` };
      for (let i = 0; i < 10; i++) await search(from, basic('watcher', 'wrong'));
      const eleventh = search(from, basic('watcher', 'wrong'));
      let refused = await search(from, basic('watcher', 'wordpass'));
      while (refused.status === 200) refused = await search(from, basic('deputy', 's3cret'));
      expect(refused).toMatchObject({
        status: 429,
        headers: { 'retry-after': '1' },
        text: 'too many failed attempts to log in from your address: wait 1 second, then reload\n',
      });
      clock.advance(1000);
      expect((await eleventh).status).toBe(401);
      expect((await search(from, basic('watcher', 'wordpass'))).status).toBe(200);
    },
  );

  it('does not delay a stop', async () => {
    const { server } = await start();
    for (let i = 0; i < 10; i++) await search(server, basic('watcher', 'wrong'));
    const warnings: Error[] = [];
    const keep = (warning: Error) => warnings.push(warning);
    process.on('warning', keep);
    const client = await connectTo(server);
    await client.expect('AUTH deputy s3cret\r\n', '+OK\r\n');
    const held = Array.from({ length: 20 }, () => search(server, basic('watcher', 'wrong')).catch(() => undefined));
    while ((await infoNumber(client, 'acl_access_denied_auth')) < 30) await turnEventLoop();
    await server.close();
    await Promise.all(held);
    process.off('warning', keep);
    expect(warnings).toEqual([]);
  });
});

describe('requests from pages of other sites', () => {
  it.each([
    [{ 'Sec-Fetch-Site': 'same-origin' }, 200],
    [{ 'Sec-Fetch-Site': 'same-origin', Origin: 'https://behind.proxy.example' }, 200],
    [{ 'Sec-Fetch-Site': 'cross-site' }, 403],
    [{ 'Sec-Fetch-Site': 'same-site' }, 403],
    [{ 'Sec-Fetch-Site': 'none' }, 403],
    [{ Origin: 'http://localhost:8080', Host: 'localhost:8080' }, 200],
    [{ Origin: 'http://localhost:8081', Host: 'localhost:8080' }, 403],
    [{ Origin: 'http://evil.example' }, 403],
    [{ Origin: 'null' }, 403],
    [{}, 200],
  ] as [Record<string, string>, number][])('with the headers %j get the status %i', async (headers, status) => {
    expect((await search(await startServer(HTTP), headers)).status).toBe(status);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', '', 'application/jsonp'])(
    'cannot send the content type "%s", which a form could',
    async (type) => {
      expect((await search(await startServer(HTTP), { 'Content-Type': type })).status).toBe(415);
    },
  );

  it('cannot open streams, but may link to the page', async () => {
    const server = await startServer(HTTP);
    const get = async (path: string, site: string, mode: string) => {
      const headers = { 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': mode };
      return (await send(server, path, { method: 'HEAD', headers })).status;
    };
    expect(await get('/live', 'cross-site', 'cors')).toBe(403);
    expect(await get('/live', 'same-site', 'no-cors')).toBe(403);
    expect(await get('/live', 'same-origin', 'cors')).toBe(200);
    expect(await get('/', 'cross-site', 'navigate')).toBe(200);
    expect(await get('/', 'none', 'navigate')).toBe(200);
    // A browser sends no Sec-Fetch-Site over HTTP to another machine.
    const status = async (Origin: string) =>
      (await send(server, '/live', { method: 'HEAD', headers: { Origin, Host: '10.1.2.3:8080' } })).status;
    expect(await status('http://evil.example')).toBe(403);
    expect(await status('http://10.1.2.3:8080')).toBe(200);
  });

  it('do not count as failed attempts to log in', async () => {
    const server = await startServer({ ...HTTP, users: USERS });
    const headers = { ...basic('watcher', 'wrong'), 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' };
    expect((await send(server, '/', { headers })).status).toBe(403);
    const client = await connectTo(server);
    await client.expect('AUTH deputy s3cret\r\n', '+OK\r\n');
    expect(await client.bulk('INFO', 'stats')).toContain('acl_access_denied_auth:0\r\n');
  });

  it('are not allowed to read anything, and cannot embed the page', async () => {
    const server = await startServer(HTTP);
    for (const path of ['/', '/livez', '/nosuch', '/readyz']) {
      const { headers } = await send(server, path, { headers: { Origin: 'http://evil.example' } });
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(headers).toMatchObject({
        'content-security-policy':
          "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      });
    }
    expect((await send(server, '/api/names', { method: 'OPTIONS' })).status).toBe(405);
  });
});

describe('HTTPS', () => {
  it('is spoken with the certificate of the server, and no client needs one', async () => {
    const directory = temporaryDirectory();
    writeCertificate(directory, 'localhost');
    const files = { 'tls-cert': join(directory, 'cert.pem'), 'tls-key': join(directory, 'key.pem') };
    const server = await startServer({
      ...HTTP,
      ...files,
      'tls-ca': files['tls-cert'],
      'tls-auth-clients': 'yes',
      requirepass: 'x',
    });
    expect(server.httpUrl).toMatch(/^https:/);
    const trusting = { ca: readFileSync(files['tls-cert']), servername: 'localhost' };
    expect(await send(server, '/livez', trusting)).toMatchObject({ status: 200, text: 'ok' });
    expect(
      (await send(server, '/api/names', { ...NAMES, ...trusting, headers: { ...NAMES.headers, ...basic('', 'x') } }))
        .status,
    ).toBe(200);
    await expect(send({ httpUrl: server.httpUrl?.replace('https', 'http') }, '/livez')).rejects.toThrow();
    const socket = connectTls({ port: server.httpAddresses[0].port, rejectUnauthorized: false, maxVersion: 'TLSv1.1' });
    await expect(RawClient.over(socket, 'secureConnect')).rejects.toThrow();
  });
});

describe('a user that is set up wrongly', () => {
  it('is refused with the names of all permissions', () => {
    const digest = createHash('sha256').update('x').digest('hex');
    expect(() => createServer({ users: `x metrics #${digest}` })).toThrow(
      new ConfigError(
        'users, user 1: the second word must be permissions joined by ",": any of read, write, events, admin, monitor',
      ),
    );
  });
});
