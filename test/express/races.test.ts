import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RedisStore } from 'connect-redis';
import type { Express } from 'express';
import type { SessionOptions } from 'express-session';
import { createClient } from 'redis';
import { afterEach, describe, expect, it } from 'vitest';
import { RespiteStore } from '../../src/express/index.js';
import { watched } from '../child-process.js';
import { startServer } from '../embedded-server.js';
import { CONNECTION_KINDS, CONNECTIONS } from '../redis-connections.js';
import { isThere, works } from '../tools/external-tool.js';
import { Browser, Gate, startApp } from './app.js';
import { addShop, refusalsOf, shown, tearDown } from './shop.js';

/**
 * Two races between requests of one session, in the same application with each store. Programs with connect-redis lose
 * them, programs with respite do not.
 */

/** The shop, with routes that change the session. One of them waits first. */
function shop(gate: Gate) {
  return (app: Express) => {
    addShop(app);
    app.get('/slow', async (req, res) => {
      await gate.pass();
      req.session.cart = ['pizza'];
      res.send('slow');
    });
    app.get('/theme', (req, res) => {
      req.session.theme = 'dark';
      res.send('theme');
    });
  };
}

/** Sends a request while a slow request of the same session is under way. Returns what the browser sees afterwards. */
async function duringSlowRequest(store: Partial<SessionOptions>, path: string) {
  const gate = new Gate();
  const application = await startApp(store, shop(gate));
  const browser = new Browser(application);
  await browser.get('/login/ada');
  const slow = new Browser(application, browser.cookie).get('/slow');
  await gate.reached;
  await browser.get(path);
  gate.open();
  expect(await slow).toMatchObject({ status: 200, body: 'slow' });
  return { seen: await shown(browser), errors: application.errors };
}

/** The slow request ends after the logout. */
const saveAfterLogout = (store: Partial<SessionOptions>) => duringSlowRequest(store, '/logout');

/** Both requests change the session, but different properties. */
const parallelChanges = (store: Partial<SessionOptions>) => duringSlowRequest(store, '/theme');

afterEach(tearDown);

describe.each(CONNECTION_KINDS)('with respite over %s', (kind) => {
  async function respite() {
    const server = await startServer();
    const store = new RespiteStore({
      client: await CONNECTIONS[kind](server.addresses[0].port),
      nameOf: (session) => session.userId,
    });
    return { store, genid: store.genid, refused: refusalsOf(store) };
  }

  it('a save after the logout does not bring the session back', async () => {
    const { refused, ...options } = await respite();
    expect(await saveAfterLogout(options)).toEqual({ seen: {}, errors: [] });
    expect(refused).toEqual([expect.stringMatching(/^[\w-]{22}$/)]);
  });

  it('parallel requests keep what each of them changed', async () => {
    const { refused, ...options } = await respite();
    expect(await parallelChanges(options)).toEqual({
      seen: { userId: 'ada', cart: ['pizza'], theme: 'dark' },
      errors: [],
    });
    expect(refused).toEqual([]);
  });
});

const there = isThere('redis-server', 'redis-server', works('redis-server', '--version'));

describe.skipIf(!there)('with connect-redis', () => {
  let redis: ChildProcess;
  let directory: string;

  async function connectRedis() {
    directory = mkdtempSync(join(tmpdir(), 'respite-connect-redis-'));
    const socket = join(directory, 'redis.sock');
    redis = watched(spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--save', '', '--dir', directory]));
    for await (const line of redis.stdout ?? []) if (/ready to accept connections/i.test(String(line))) break;
    const client = createClient({ socket: { path: socket, tls: false, connectTimeout: 60_000 } });
    client.on('error', () => {});
    await client.connect();
    return { store: new RedisStore({ client }), close: () => client.destroy() };
  }

  afterEach(async () => {
    redis.kill();
    await once(redis, 'exit');
    rmSync(directory, { recursive: true });
  });

  // tj/connect-redis#328
  it('a save after the logout brings the session back', async () => {
    const { store, close } = await connectRedis();
    const { seen } = await saveAfterLogout({ store });
    expect(seen).toEqual({ userId: 'ada', cart: ['pizza'] });
    close();
  });

  // expressjs/session#361
  it('parallel requests lose what one of them changed', async () => {
    const { store, close } = await connectRedis();
    const { seen } = await parallelChanges({ store });
    expect(seen).toEqual({ userId: 'ada', cart: ['pizza'] });
    close();
  });
});
