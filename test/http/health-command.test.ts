import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer as createNetServer, type Server as NetServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Config, createServer } from '../../src/index.js';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import { ask } from '../server/ask.js';
import { HeldDisk } from '../server/held-disk.js';
import { freePort } from '../tools/free-port.js';
import { runToEnd } from '../tools/program.js';

const others: NetServer[] = [];

afterEach(async () => {
  HeldDisk.repairAll();
  vi.restoreAllMocks();
  for (const other of others.splice(0)) other.close();
  await stopServers();
});

/** Starts a server that loads its journal until the disk is released. */
async function startLoading(config: Partial<Config>) {
  const durable = { bind: '127.0.0.1', port: 0, appendonly: true, dir: temporaryDirectory(), ...config };
  const first = await startServer(durable);
  await ask(await connectTo(first), 'SESSION.NEW x');
  await first.close();
  const disk = new HeldDisk();
  disk.holdReads();
  const server = createServer(durable);
  const listening = server.listen();
  await disk.reading();
  const finish = async () => {
    disk.release();
    await listening;
    await server.close();
  };
  return { server, finish };
}

const good = (where: string) => ({ code: 0, out: `${where}: ready\n`, err: '' });
const bad = (where: string, reason: string) => ({ code: 1, out: '', err: `error: ${where}: ${reason}\n` });

describe('respite health over HTTP', () => {
  it('asks at the URL, or at http-port from the environment or the command line', async () => {
    const server = await startServer({ 'http-port': 0, requirepass: 'secret' });
    const [{ port }] = server.httpAddresses;
    const where = `127.0.0.1:${port}`;
    expect(await runToEnd(['health', '--url', `http://${where}`])).toEqual(good(where));
    expect(await runToEnd(['health', '--url', `http://${where}/livez`])).toEqual(good(where));
    expect(await runToEnd(['health'], { RESPITE_HTTP_PORT: String(port) })).toEqual(good(where));
    const environment = { RESPITE_HTTP_PORT: String(port), RESPITE_HTTP_BIND: '*', RESPITE_REQUIREPASS: 'x' };
    expect(await runToEnd(['health'], environment)).toEqual(good(where));
    expect(await runToEnd(['--http-port', String(port), 'health'])).toEqual(good(where));
    const file = join(temporaryDirectory(), 'respite.conf');
    writeFileSync(file, `http-port ${port}\n`);
    expect(await runToEnd(['health', file])).toEqual(good(where));
    expect(await runToEnd(['health', '--url', `http://${where}/nosuch`])).toEqual(
      bad(where, 'not ready: it answers with the status 401'),
    );
  });

  it('says why the server is not ready', async () => {
    const { server, finish } = await startLoading({ 'http-port': 0 });
    const [{ port }] = server.httpAddresses;
    const { code, err } = await runToEnd(['health'], { RESPITE_HTTP_PORT: String(port) });
    expect(code).toBe(1);
    expect(err).toMatch(/^error: 127\.0\.0\.1:\d+: not ready: loading failed: the journal is being loaded: \d+ %\n$/);
    await finish();
  });

  it('accepts any certificate on the same machine', async () => {
    const directory = temporaryDirectory();
    const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
    const options = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=elsewhere.example';
    execFileSync('openssl', [...options.split(' '), '-keyout', key, '-out', cert], { stdio: 'pipe' });
    const tls = { 'tls-cert': cert, 'tls-key': key };
    const server = await startServer({ 'http-port': 0, ...tls });
    const [{ port }] = server.httpAddresses;
    const environment = { RESPITE_TLS_CERT: cert, RESPITE_TLS_KEY: key };
    expect(await runToEnd(['health'], { ...environment, RESPITE_HTTP_PORT: String(port) })).toEqual(
      good(`127.0.0.1:${port}`),
    );
    const clients = server.addresses[0].port;
    expect(await runToEnd(['health'], { ...environment, RESPITE_PORT: String(clients) })).toEqual(
      good(`127.0.0.1:${clients}`),
    );
    expect(await runToEnd(['health', '--url', `http://127.0.0.1:${port}`])).toMatchObject({ code: 1 });
  });

  it('says that nothing listens, or that what listens is something else', async () => {
    const port = await freePort();
    const where = `127.0.0.1:${port}`;
    expect(await runToEnd(['health', '--url', `http://${where}`])).toEqual(
      bad(where, 'ECONNREFUSED: connection refused'),
    );
    const server = await startServer();
    const [{ port: clients }] = server.addresses;
    const { code, err } = await runToEnd(['health', '--url', `http://127.0.0.1:${clients}`]);
    expect([code, err]).toEqual([1, expect.stringMatching(/^error: 127\.0\.0\.1:\d+: .+\n$/)]);
  });

  it('waits only so long for an answer', async () => {
    const silent = createNetServer(() => {});
    others.push(silent);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const sockets = new Set<{ destroy(): void }>();
    silent.on('connection', (socket) => sockets.add(socket.on('error', () => {})));
    const where = `127.0.0.1:${port}`;
    const [http, resp] = await Promise.all([
      runToEnd(['health', '--url', `http://${where}`]),
      runToEnd(['health'], { RESPITE_PORT: String(port) }),
    ]);
    expect([http, resp]).toEqual(Array(2).fill(bad(where, 'it has not answered within 5 s')));
    for (const socket of sockets) socket.destroy();
  });
});

describe('respite health without http-port', () => {
  it('asks at the port with PING, with the password if it knows it', async () => {
    const server = await startServer({ requirepass: 'pass word' });
    const [{ port }] = server.addresses;
    const where = `127.0.0.1:${port}`;
    const environment = { RESPITE_PORT: String(port) };
    expect(await runToEnd(['health'], { ...environment, RESPITE_REQUIREPASS: 'pass word' })).toEqual(good(where));
    expect(await runToEnd(['health'], environment)).toEqual({
      code: 0,
      out: `${where}: alive; it needs a password to say whether it is ready\n`,
      err: '',
    });
    const wrong = await runToEnd(['health'], { ...environment, RESPITE_REQUIREPASS: 'guess' });
    expect(wrong).toEqual(bad(where, 'not ready: WRONGPASS invalid username-password pair or user is disabled.'));
  });

  it('asks at a unix socket', async () => {
    const unixsocket = join(temporaryDirectory(), 'respite.sock');
    const { finish } = await startLoading({ bind: '', unixsocket });
    expect(await runToEnd(['health', '--socket', unixsocket])).toEqual(
      bad(unixsocket, 'not ready: LOADING Redis is loading the dataset in memory'),
    );
    await finish();
    expect(await runToEnd(['health', '--socket', unixsocket])).toEqual(
      bad(unixsocket, 'ENOENT: no such file or directory'),
    );
    await startServer({ bind: '', unixsocket });
    const environment = { RESPITE_BIND: '', RESPITE_UNIXSOCKET: unixsocket };
    expect(await runToEnd(['health'], environment)).toEqual(good(unixsocket));
  });
});

it.each([
  [['health', '--url', 'x'], '--url must be a URL such as http://127.0.0.1:8080'],
  [['health', '--url', 'ftp://x'], '--url must be a URL such as http://127.0.0.1:8080'],
  [['health', '--url', 'http://x', '--socket', 'y'], 'give either --url or --socket'],
  [['--port', '0', 'health'], 'the port of the server is not known: set http-port or port, or give --url or --socket'],
  [['--port', 'x', 'health'], '--port x: expected a whole number from 0 to 65535'],
])('%j is an error', async (args, error) => {
  expect(await runToEnd(args)).toEqual({ code: 1, out: '', err: `error: ${error}\n` });
});
