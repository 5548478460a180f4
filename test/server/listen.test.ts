import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer as createNetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, createServer, ListenError, type Server } from '../../src/index.js';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { RawClient } from '../raw-client.js';

const directory = mkdtempSync(join(tmpdir(), 'respite-listen-'));
const path = (name: string) => join(directory, name);
afterEach(stopServers);
afterAll(() => rmSync(directory, { recursive: true }));

describe('a unix socket', () => {
  it('is served beside the port, or alone, with the configured mode', async () => {
    const unixsocket = path('both.sock');
    const both = await startServer({ unixsocket, unixsocketperm: '720' });
    expect(statSync(unixsocket).mode & 0o777).toBe(0o720);
    const client = await RawClient.over(connect({ path: unixsocket }));
    await client.expect('PING\r\n', '+PONG\r\n');
    const line = await client.bulk('CLIENT', 'INFO');
    expect(line).toContain(` addr=${unixsocket}:0 laddr=${unixsocket}:0 `);
    expect(line).toContain(' flags=U ');
    await (await connectTo(both)).expect('PING\r\n', '+PONG\r\n');
    client.close();
    await both.close();
    expect(existsSync(unixsocket)).toBe(false);

    const alone = await startServer({ bind: '', unixsocket: path('alone.sock') });
    expect(alone.addresses).toEqual([]);
    expect(statSync(path('alone.sock')).mode & 0o777).toBe(0o700);
    await (await connectTo(alone)).expect('PING\r\n', '+PONG\r\n');
  });

  it('replaces a socket that a killed server left behind, but nothing else', async () => {
    const left = path('left.sock');
    const child = spawnSync(process.execPath, [
      '-e',
      `require('node:net').createServer().listen(${JSON.stringify(left)}, () => process.kill(process.pid, 'SIGKILL'))`,
    ]);
    expect([child.signal, existsSync(left)]).toEqual(['SIGKILL', true]);
    await (await connectTo(await startServer({ bind: '', unixsocket: left }))).expect('PING\r\n', '+PONG\r\n');

    await expect(createServer({ bind: '', unixsocket: left }).listen()).rejects.toThrow(
      new ListenError(
        `cannot listen on ${left}: another server is already listening on it; choose another path with --unixsocket`,
      ),
    );
    const file = path('file');
    writeFileSync(file, 'precious');
    await expect(createServer({ bind: '', unixsocket: file }).listen()).rejects.toThrow(
      new ListenError(
        `cannot listen on ${file}: there is a file that is not a socket: remove it, or choose another path with --unixsocket`,
      ),
    );
    expect(statSync(file).size).toBe(8);
    const nowhere = path('no/such.sock');
    for (const [unixsocket, reason] of [
      [nowhere, `the directory ${path('no')} does not exist (ENOENT): create it first`],
      [path('file/such.sock'), `${file} is not a directory`],
      [path('file/no/such.sock'), `the directory ${path('file/no')} does not exist (ENOENT): create it first`],
      [path('x'.repeat(100)), /the path has \d+ bytes, but the path of a unix socket has at most 103$/],
    ] as const) {
      const listening = createServer({ bind: '127.0.0.1', port: 0, unixsocket }).listen();
      await expect(listening).rejects.toThrow(ListenError);
      await expect(listening).rejects.toThrow(reason);
    }
  });
});

const openssl = spawnSync('openssl', ['version']).error === undefined;
if (!openssl) console.warn('NOTICE: openssl is not installed: the tests of TLS are skipped');

describe.skipIf(!openssl)('TLS', () => {
  /** Creates `name.pem` and `name-key.pem`. Without a signer the certificate is self-signed. */
  function certificate(name: string, signer?: string): void {
    const run = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe', cwd: directory });
    const subject = ['-subj', `/CN=${name}`, '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const extension =
      signer === undefined ? 'basicConstraints=critical,CA:TRUE' : 'subjectAltName=DNS:localhost,IP:127.0.0.1';
    const signed = signer === undefined ? [] : ['-CA', `${signer}.pem`, '-CAkey', `${signer}-key.pem`];
    run(
      'req',
      '-x509',
      ...subject,
      '-days',
      '2',
      '-addext',
      extension,
      ...signed,
      '-keyout',
      `${name}-key.pem`,
      '-out',
      `${name}.pem`,
    );
  }
  const read = (name: string) => readFileSync(path(name));
  const files = { 'tls-cert': path('server.pem'), 'tls-key': path('server-key.pem') };

  beforeAll(() => {
    certificate('ca');
    certificate('server', 'ca');
    certificate('client', 'ca');
    certificate('stranger-ca');
    certificate('stranger', 'stranger-ca');
    writeFileSync(path('empty.pem'), '');
    const damaged = (text: Buffer) => text.toString().replace(/\n[^\n]{30}/, '\n');
    writeFileSync(path('damaged.pem'), damaged(read('server.pem')) + damaged(read('server-key.pem')));
    execFileSync('openssl', ['pkey', '-aes256', '-passout', 'pass:x', '-in', 'server-key.pem', '-out', 'locked.pem'], {
      cwd: directory,
    });
  });

  async function dial(server: Server, who?: string): Promise<RawClient> {
    const identity = who === undefined ? {} : { cert: read(`${who}.pem`), key: read(`${who}-key.pem`) };
    const socket = connectTls({ host: '127.0.0.1', port: server.addresses[0].port, ca: read('ca.pem'), ...identity });
    return RawClient.over(socket, 'secureConnect');
  }

  it('is what the port speaks, and nothing else', async () => {
    const log = keepLog();
    const server = await startServer(files, { log });
    const client = await dial(server);
    await client.expect('PING\r\n', '+PONG\r\n');
    await client.bulk('SESSION.NEW', 'x');
    const value = 'x'.repeat(5_000_000);
    expect(await client.bulk('ECHO', value)).toBe(value);
    const plain = await connectTo(server);
    await plain.send('PING\r\n');
    expect(await plain.takeAll()).not.toContain('PONG');
    expect(log.lines).toEqual([expect.stringMatching(/^cannot accept a connection: ERR_SSL_/)]);
    await client.expect('PING\r\n', '+PONG\r\n');
    client.close();
  });

  it.each([
    ['optional', undefined, 'served'],
    ['optional', 'client', 'served'],
    ['optional', 'stranger', 'refused'],
    ['yes', undefined, 'cut'],
    ['yes', 'client', 'served'],
    ['yes', 'stranger', 'cut'],
    ['no', undefined, 'served'],
    ['no', 'stranger', 'served'],
  ] as const)('tls-auth-clients %s: a client with the certificate %s is %s', async (auth, who, what) => {
    const log = keepLog();
    const server = await startServer({ ...files, 'tls-ca': path('ca.pem'), 'tls-auth-clients': auth }, { log });
    const client = await dial(server, who);
    await client.send('PING\r\n');
    if (what === 'served') expect(await client.take(7)).toBe('+PONG\r\n');
    else if (what === 'refused') {
      expect(await client.takeAll()).toBe('-DENIED tls-ca did not sign your certificate\r\n');
      expect(log.lines).toEqual(['refused a connection from this machine: tls-ca did not sign its certificate']);
    } else expect(await client.takeAll()).toBe('');
    client.close();
    const other = await dial(server, 'client');
    await other.expect('PING\r\n', '+PONG\r\n');
    other.close();
  });

  it.each([
    [{ 'tls-cert': 'server.pem' }, /^tls-cert needs tls-key as well$/],
    [
      { 'tls-cert': 'server.pem', 'tls-key': 'missing.pem' },
      /^tls-key: cannot read .*missing.pem: ENOENT: no such file or directory$/,
    ],
    [
      { 'tls-cert': 'server.pem', 'tls-key': 'client-key.pem' },
      /^tls-key .*client-key.pem is not the private key of the first certificate in tls-cert .*server.pem$/,
    ],
    [
      { 'tls-cert': 'server.pem', 'tls-key': 'server-key.pem', 'tls-ca': 'empty.pem' },
      /^tls-ca .*empty.pem contains no certificate: expected PEM, starting with/,
    ],
    [
      { 'tls-cert': 'server-key.pem', 'tls-key': 'server-key.pem' },
      /^tls-cert .*server-key.pem contains no certificate/,
    ],
    [{ 'tls-cert': 'server.pem', 'tls-key': 'server.pem' }, /^tls-key .*server.pem contains no private key/],
    [
      { 'tls-cert': 'damaged.pem', 'tls-key': 'server-key.pem' },
      /^tls-cert .*damaged.pem: the first certificate in it is damaged$/,
    ],
    [
      { 'tls-cert': 'server.pem', 'tls-key': 'damaged.pem' },
      /^tls-key .*damaged.pem: the private key in it is damaged$/,
    ],
    [
      { 'tls-cert': 'server.pem', 'tls-key': 'locked.pem' },
      /^tls-key .*locked.pem is protected by a passphrase: respite needs a key without one/,
    ],
    [{ 'tls-ca': 'ca.pem' }, /^tls-ca needs tls-cert and tls-key as well$/],
    [
      { 'tls-cert': 'server.pem', 'tls-key': 'server-key.pem', 'tls-auth-clients': 'yes' },
      /^tls-auth-clients yes needs tls-ca,/,
    ],
  ] as const)('refuses %j in one line', (options, message) => {
    const given = Object.fromEntries(
      Object.entries(options).map(([name, value]) => [name, value.endsWith('.pem') ? path(value) : value]),
    );
    expect(() => createServer(given)).toThrow(ConfigError);
    expect(() => createServer(given)).toThrow(message);
  });

  it('clients that do not finish the handshake count as clients, leave when it fails, and make room for new clients', async () => {
    const server = await startServer({ ...files, maxclients: 3 });
    const client = await dial(server);
    await client.expect('PING\r\n', '+PONG\r\n');
    const [silent, talking] = [await connectTo(server), await connectTo(server)];
    // Both take up a place, so a fourth client takes that of the first.
    const fourth = await dial(server);
    expect(await silent.takeAll()).toBe('');
    await client.expect('PING\r\n', '+PONG\r\n');
    await talking.send('PING\r\n');
    await talking.takeAll();
    const next = await dial(server);
    await next.expect('PING\r\n', '+PONG\r\n');
    // All places are now taken by clients, so the next connection is refused.
    const last = await connectTo(server);
    expect(await last.takeAll()).toBe('');
    const stats = await client.bulk('INFO', 'stats');
    expect(stats).toContain('rejected_connections:1\r\n');
    expect(stats).toContain('client_unauthenticated_disconnections:1\r\n');
    fourth.close();
    next.close();
    client.close();
  });

  it('a handshake takes at most 10 seconds or auth-timeout, and AUTH has the rest of that time', async () => {
    const clock = new FakeClock();
    const config = { ...files, requirepass: 'secret', 'auth-timeout': 20 };
    const server = await startServer(config, { clock });
    const client = await dial(server);
    await client.expect('AUTH secret\r\n', '+OK\r\n');
    const silent = await connectTo(server);
    // Connections are accepted in order: the silent one has been accepted before.
    await client.expect('PING\r\n', '+PONG\r\n');
    clock.advance(9000);
    const late = await dial(server);
    clock.advance(1000);
    await silent.takeAll();
    await client.expect('CONFIG SET auth-timeout 3\r\n', '+OK\r\n');
    const second = await connectTo(server);
    await client.expect('PING\r\n', '+PONG\r\n');
    clock.advance(3000);
    await second.takeAll();
    expect(await late.takeAll()).toBe('-ERR not authenticated in time (auth-timeout)\r\n');
    await client.expect('PING\r\n', '+PONG\r\n');
    expect(await client.bulk('INFO', 'stats')).toContain('client_unauthenticated_disconnections:3\r\n');
    client.close();
  });

  it('an unfinished handshake does not keep the server from stopping', async () => {
    // Time stands still, so the handshake never times out. If the server waited for it, it would never stop.
    const server = await startServer(files, { clock: new FakeClock() });
    const silent = await connectTo(server);
    const client = await dial(server);
    await client.expect('PING\r\n', '+PONG\r\n');
    await server.close();
    expect(await silent.takeAll()).toBe('');
    client.close();
  });

  it('the port itself may be in use', async () => {
    const other = createNetServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    await expect(createServer({ bind: '127.0.0.1', port, ...files }).listen()).rejects.toThrow(
      /the port is in use: choose another with --port/,
    );
    other.close();
  });
});
