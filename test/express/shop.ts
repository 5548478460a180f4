import type { Express } from 'express';
import type { SessionOptions } from 'express-session';
import { Sessions } from '../../src/client/index.js';
import { RespiteStore, type RespiteStoreOptions, type StoreClient } from '../../src/express/index.js';
import { startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { CONNECTIONS, closeConnections } from '../redis-connections.js';
import { type Application, type Browser, startApp, stopApps } from './app.js';

/** A shop that stores its sessions in respite. */

export const HOUR = 3_600_000;

/**
 * For `toBeCloseTo`: within 50 s. express-session counts the duration of a cookie down in real time, so that a busy
 * machine makes it shorter.
 */
export const NEARLY = -5;

/**
 * The tests of the client cover the different forms of replies. These kinds differ in how requests reach the server.
 */
export const KINDS = ['ioredis, RESP2', 'ioredis, pipelining by itself', 'node-redis, RESP3'] as const;

/** Starts a server on the test's clock. Returns it with a way to create stores over a client of the given kind. */
export async function setUp(kind: (typeof KINDS)[number]) {
  const clock = new FakeClock();
  const server = await startServer({}, { clock });
  const { port } = server.addresses[0];
  const client: StoreClient = await CONNECTIONS[kind](port);
  return {
    clock,
    server,
    client,
    /** What another program sees, over a separate connection. */
    sessions: new Sessions(await CONNECTIONS['ioredis, RESP2'](port)),
    storeWith: (options: Partial<RespiteStoreOptions> = {}) =>
      new RespiteStore({ client, nameOf: (session) => session.userId, ...options }),
  };
}

/** Call this after each test. */
export async function tearDown(): Promise<void> {
  await stopApps();
  closeConnections();
  await stopServers();
}

/** Adds the routes of the shop. */
export function addShop(app: Express): void {
  app.get('/buy/:what', (req, res) => {
    req.session.cart = [...(req.session.cart ?? []), req.params.what];
    res.send('bought');
  });
  app.get('/large', (req, res) => {
    req.session.cart = ['x'.repeat(2 ** 20)];
    res.send('bought');
  });
  app.get('/login/:who', (req, res) => {
    req.session.userId = req.params.who;
    res.send('welcome');
  });
  app.get('/logout', (req, res) => {
    req.session.destroy(() => res.send('goodbye'));
  });
  app.get('/show', (req, res) => {
    const { cookie: _, ...data } = req.session;
    res.json(data);
  });
}

/** Starts the shop, with additional routes for the test. */
export function startShop(
  store: RespiteStore,
  routes: (app: Express) => void = () => {},
  options: Partial<SessionOptions> = {},
): Promise<Application> {
  return startApp({ store, genid: store.genid, cookie: { maxAge: HOUR }, ...options }, (app) => {
    addShop(app);
    routes(app);
  });
}

/** Returns the data of the browser's session, as the shop shows it. */
export async function shown(browser: Browser): Promise<unknown> {
  return JSON.parse((await browser.get('/show')).body);
}

/** Returns the ids of the sessions that the store refuses to save from now on. */
export function refusalsOf(store: RespiteStore): string[] {
  const refused: string[] = [];
  store.on('refused', (sid) => refused.push(sid));
  return refused;
}
