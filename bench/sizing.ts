import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { Redis } from 'ioredis';
import { Client } from './load/client.js';
import { fill } from './load/fill.js';
import { encodeRequest } from './load/resp.js';
import { describeMachine } from './machine.js';
import { respite, type Server } from './server.js';
import { formatTable } from './table.js';

/**
 * Measures what docs/operations.md says about sizing: the memory of a session and of a connection, and the bytes of a
 * session on disk.
 */

interface Sessions {
  readonly title: string;
  readonly keys: number;
  /** Bytes of each value. Keys have 4 bytes. */
  readonly value: number;
  readonly count: number;
  readonly name: (session: number) => string;
  readonly options?: readonly string[];
}

/** As many bytes as an id has. */
const each = (session: number) => `user:${String(session).padStart(8, '0')}`;

const SESSIONS: readonly Sessions[] = [
  { title: 'no keys, one name for all', keys: 0, value: 0, count: 400_000, name: () => 'user' },
  { title: 'no keys', keys: 0, value: 0, count: 400_000, name: each },
  { title: 'no keys, MAXAGE', keys: 0, value: 0, count: 400_000, name: each, options: ['MAXAGE', '9000'] },
  { title: '1 key of 100 bytes', keys: 1, value: 100, count: 400_000, name: each },
  { title: '4 keys of 25 bytes', keys: 4, value: 25, count: 400_000, name: each },
  { title: '8 keys of 100 bytes', keys: 8, value: 100, count: 200_000, name: each },
  { title: '1 key of 1 KB', keys: 1, value: 1024, count: 200_000, name: each },
  { title: '1 key of 10 KB', keys: 1, value: 10_240, count: 40_000, name: each },
  { title: '100 keys of 100 bytes (hashed)', keys: 100, value: 100, count: 20_000, name: each },
];

const CONNECTIONS = 2000;
/** What is freed promptly is free after so many ms. */
const SETTLE = 2000;

const directory = mkdtempSync(join(tmpdir(), 'respite-sizing-'));
try {
  console.log(describeMachine());
  console.log(`\n${formatTable(['a session', 'used_memory', 'RSS', 'on disk'], await measureSessions())}`);
  console.log(`\n${formatTable(['a connection', 'used_memory', 'RSS'], await measureConnections())}`);
} finally {
  rmSync(directory, { recursive: true });
}

async function measureSessions(): Promise<string[][]> {
  const rows: string[][] = [];
  for (const { title, keys, value, count, name, options = [] } of SESSIONS) {
    const server = await respite().start({ options: ['--dir', directory] });
    const data = Array.from({ length: keys }, (_, key) => [
      `k${String(key).padStart(3, '0')}`,
      'v'.repeat(value),
    ]).flat();
    const rest = ['9000', 'EXTEND', 'GET', ...options, ...(keys > 0 ? ['DATA', ...data] : [])];
    const create = { request: (i: number) => encodeRequest('SESSION.NEW', name(i), ...rest), replies: ['$22'] };
    const before = await memoryOf(server, server.client);
    const clients = await Client.openMany(server.port, 4);
    await fill(clients, create, 0, count);
    for (const client of clients) client.close();
    const after = await memoryOf(server, server.client);
    const saved = (await server.client.call('SESSION.SAVE', 'sizing')) as (string | number)[];
    const bytes = Number(saved[saved.indexOf('bytes') + 1]);
    rows.push([title, ...perUnit(before, after, count), Math.round(bytes / count).toString()]);
    await server.stop();
  }
  return rows;
}

async function measureConnections(): Promise<string[][]> {
  const certificate = 'req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem -out cert.pem';
  execFileSync('openssl', certificate.split(' '), { cwd: directory, stdio: 'pipe' });
  const tls = ['--tls-cert', join(directory, 'cert.pem'), '--tls-key', join(directory, 'key.pem')];
  const socket = join(directory, 'socket');
  const rows: string[][] = [];
  for (const [title, isTls, request] of [
    ['that has sent a command', false, 'PING\r\n'],
    ['with a subscription', false, 'SUBSCRIBE session:expired:user\r\n'],
    ['over TLS', true, 'PING\r\n'],
  ] as const) {
    const server = await respite().start({ options: ['--unixsocket', socket, ...(isTls ? tls : [])] });
    const observer = new Redis({ path: socket });
    const before = await memoryOf(server, observer);
    const opened: { destroy(): void }[] = [];
    for (let i = 0; i < CONNECTIONS; i++) opened.push(await open(server.port, isTls, request));
    const after = await memoryOf(server, observer);
    rows.push([title, ...perUnit(before, after, CONNECTIONS)]);
    for (const connection of opened) connection.destroy();
    observer.disconnect();
    await server.stop();
  }
  return rows;
}

/** Opens a connection, sends a request and waits for its reply. */
async function open(port: number, isTls: boolean, request: string): Promise<{ destroy(): void }> {
  if (!isTls) {
    const client = await Client.open(port);
    const answered = new Promise<void>((resolve, failed) =>
      client.listen(request.startsWith('PING') ? ['+PONG'] : ['*3'], { answered: () => resolve(), failed }),
    );
    client.send(Buffer.from(request));
    await answered;
    return { destroy: () => client.close() };
  }
  const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false });
  await new Promise<void>((resolve, reject) => {
    socket.once('data', () => resolve()).once('error', reject);
    socket.write(request);
  });
  return socket;
}

interface Memory {
  readonly used: number;
  readonly resident: number;
}

async function memoryOf(server: Server, observer: Redis): Promise<Memory> {
  await setTimeout(SETTLE);
  const [, used] = /^used_memory:(\d+)/m.exec(await observer.info('memory')) ?? [];
  return { used: Number(used), resident: server.residentBytes() };
}

function perUnit(before: Memory, after: Memory, count: number): string[] {
  return [after.used - before.used, after.resident - before.resident].map((bytes) =>
    Math.round(bytes / count).toString(),
  );
}
