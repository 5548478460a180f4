import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { respite } from './contender.js';
import { Client } from './load/client.js';
import { runClosedLoop } from './load/closed-loop.js';
import { Requests } from './load/requests.js';
import { encodeArray, encodeString } from './load/resp.js';
import { describeMachine } from './machine.js';
import { Server } from './server.js';
import { formatTable } from './table.js';

/**
 * Measures what docs/operations.md says about sizing: the memory of a session and of a connection, and the bytes of a
 * session on disk.
 */

/** As many bytes as an id has. */
const each = (session: number) => `user:${String(session).padStart(8, '0')}`;

/** Keys have 4 bytes, values as many as `value` says. */
// biome-ignore format: a table
const SESSIONS = [
  { title: 'no keys, one name for all', keys: 0, value: 0, count: 400_000, name: () => 'user', options: [] },
  { title: 'no keys', keys: 0, value: 0, count: 400_000, name: each, options: [] },
  { title: 'no keys, MAXAGE', keys: 0, value: 0, count: 400_000, name: each, options: ['MAXAGE', '9000'] },
  { title: '1 key of 100 bytes', keys: 1, value: 100, count: 400_000, name: each, options: [] },
  { title: '4 keys of 25 bytes', keys: 4, value: 25, count: 400_000, name: each, options: [] },
  { title: '8 keys of 100 bytes', keys: 8, value: 100, count: 200_000, name: each, options: [] },
  { title: '1 key of 1 KB', keys: 1, value: 1024, count: 200_000, name: each, options: [] },
  { title: '1 key of 10 KB', keys: 1, value: 10_240, count: 40_000, name: each, options: [] },
  { title: '100 keys of 100 bytes (hashed)', keys: 100, value: 100, count: 20_000, name: each, options: [] },
];

const CONNECTIONS = 2000;
// biome-ignore format: a table
const REQUESTS = [
  { title: 'that has sent a command', isTls: false, request: 'PING\r\n' },
  { title: 'with a subscription', isTls: false, request: 'SUBSCRIBE session:expired:user\r\n' },
  { title: 'over TLS', isTls: true, request: 'PING\r\n' },
];

/** How long to wait, in ms, so that memory that is freed promptly is free. */
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
  for (const { title, keys, value, count, name, options } of SESSIONS) {
    const data = Array.from({ length: keys }, (_, key) => [`k${String(key).padStart(3, '0')}`, 'v'.repeat(value)]);
    const rest = ['9000', 'EXTEND', 'GET', ...options, ...(keys > 0 ? ['DATA', ...data.flat()] : [])];
    const requests = new Requests(count, (session) => encodeArray(['SESSION.NEW', name(session), ...rest]));
    const server = await Server.start(respite(), { options: ['--dir', directory] });
    const memory = await perUnit(server, count, async () => {
      const clients = await Client.openMany(server.port, 4);
      const loop = { depth: 64, seconds: Infinity };
      await runClosedLoop(clients, [encodeString('t'.repeat(22))], requests.parts(clients.length), loop);
      for (const client of clients) client.close();
    });
    const saved = (await server.client.call('SESSION.SAVE', 'sizing')) as (string | number)[];
    const bytes = Number(saved[saved.indexOf('bytes') + 1]);
    rows.push([title, ...memory, Math.round(bytes / count).toString()]);
    await server.stop();
  }
  return rows;
}

async function measureConnections(): Promise<string[][]> {
  const certificate = 'req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem -out cert.pem';
  execFileSync('openssl', certificate.split(' '), { cwd: directory, stdio: 'pipe' });
  const tls = ['--tls-cert', join(directory, 'cert.pem'), '--tls-key', join(directory, 'key.pem')];
  const rows: string[][] = [];
  for (const { title, isTls, request } of REQUESTS) {
    const socket = join(directory, 'socket');
    const server = await Server.start(respite(), isTls ? { socket, options: tls } : {});
    const target = { host: '127.0.0.1', port: server.port };
    const opened: Socket[] = [];
    const memory = await perUnit(server, CONNECTIONS, async () => {
      for (let i = 0; i < CONNECTIONS; i++) {
        const connection = isTls ? connectTls({ ...target, rejectUnauthorized: false }) : connect(target);
        opened.push(connection);
        connection.write(request);
        await once(connection, 'data');
      }
    });
    rows.push([title, ...memory]);
    for (const connection of opened) connection.destroy();
    await server.stop();
  }
  return rows;
}

/** Returns how many bytes of `used_memory` and RSS each of `count` sessions or connections adds. */
async function perUnit(server: Server, count: number, add: () => Promise<void>): Promise<string[]> {
  const read = async () => {
    await setTimeout(SETTLE);
    return [await server.usedBytes(), server.residentBytes()];
  };
  const before = await read();
  await add();
  const after = await read();
  return after.map((bytes, index) => Math.round((bytes - before[index]) / count).toString());
}
