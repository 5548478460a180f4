import type { Express } from 'express';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { RespiteStore } from '../../src/express/index.js';
import { startServer } from '../embedded-server.js';
import { CONNECTIONS } from '../redis-connections.js';
import { Browser, Gate, startApp } from './app.js';
import { HOUR, KINDS, NEARLY, refusalsOf, setUp, shown, startShop, tearDown } from './shop.js';

afterEach(tearDown);

describe.each(KINDS)('a save, over %s', (kind) => {
  it('stores a session under the token in the cookie, with a key for each property', async () => {
    const { sessions, storeWith } = await setUp(kind);
    const application = await startShop(storeWith({ maxAge: 28_800 }));
    const browser = new Browser(application);
    await browser.get('/buy/pizza');
    expect(browser.sid).toMatch(/^[\w-]{22}$/);
    const session = sessions.withToken(browser.sid);
    expect(await session.getAll()).toEqual({ cart: '["pizza"]', cookie: expect.any(String) });
    expect(JSON.parse((await session.get('cookie')) ?? '')).toEqual({
      originalMaxAge: expect.closeTo(HOUR, NEARLY),
      httpOnly: true,
      path: '/',
    });
    expect(await session.info()).toMatchObject({
      name: 'express:',
      extend: 'set',
      maxAge: 28_800,
      deleteSession: true,
    });
    expect(await session.pttl()).toBeCloseTo(HOUR, NEARLY);
    expect(await shown(browser)).toEqual({ cart: ['pizza'] });
    expect(application.errors).toEqual([]);
  });

  it('leaves other keys and unchanged properties as they are', async () => {
    const { sessions, storeWith } = await setUp(kind);
    const gate = new Gate();
    const application = await startShop(storeWith(), (app) =>
      app.get('/change', async (req, res) => {
        await gate.pass();
        req.session.theme = 'dark';
        delete req.session.views;
        res.send('changed');
      }),
    );
    const browser = new Browser(application);
    await browser.get('/buy/pizza');
    const session = sessions.withToken(browser.sid);
    // Keys of another program: one that is not JSON, one whose name express-session uses itself, and JSON in another
    // notation.
    await session.set({ note: 'not JSON', id: '42', views: '1e3' });
    expect(await shown(browser)).toEqual({ cart: ['pizza'], views: 1000 });
    const changing = browser.get('/change');
    await gate.reached;
    await session.set({ cart: '["pizza","cola"]' });
    gate.open();
    await changing;
    expect(await session.getAll()).toEqual({
      cart: '["pizza","cola"]',
      cookie: expect.any(String),
      note: 'not JSON',
      id: '42',
      theme: '"dark"',
    });
  });

  it('keeps the order if one request saves several times', async () => {
    const { storeWith } = await setUp(kind);
    const application = await startShop(storeWith(), (app) =>
      app.get('/hurry', (req, res) => {
        req.session.views = 1;
        req.session.save();
        req.session.views = 2;
        req.session.theme = 'dark';
        req.session.save();
        delete req.session.theme;
        res.send('done');
      }),
    );
    const browser = new Browser(application);
    await browser.get('/hurry');
    expect(await shown(browser)).toEqual({ views: 2 });
    // The second save finds a session, and writes only the changes.
    await browser.get('/hurry');
    expect(await shown(browser)).toEqual({ views: 2 });
    expect(application.errors).toEqual([]);
  });

  it('works even if the session was created but the reply was lost', async () => {
    const { sessions, storeWith } = await setUp(kind);
    const application = await startShop(storeWith(), (app) =>
      app.get('/lost', async (req, res) => {
        await sessions.create('express:', { ttl: 60, token: req.sessionID, data: { views: '1' } });
        req.session.views = 2;
        res.send('created');
      }),
    );
    const browser = new Browser(application);
    await browser.get('/lost');
    expect(await shown(browser)).toEqual({ views: 2 });
    expect(await sessions.withToken(browser.sid).pttl()).toBeCloseTo(HOUR, NEARLY);
    expect(application.errors).toEqual([]);
  });

  it('works across several processes', async () => {
    const { sessions, storeWith } = await setUp(kind);
    const gate = new Gate();
    const wait = (app: Express) =>
      app.get('/slow', async (req, res) => {
        await gate.pass();
        req.session.views = 1;
        res.send('slow');
      });
    const stores = [storeWith(), storeWith()];
    const refused = refusalsOf(stores[1]);
    const [one, other] = await Promise.all(stores.map((store) => startShop(store, wait)));
    const browser = new Browser(one);
    await browser.get('/login/ada');
    const { sid, cookie } = browser;
    await new Browser(other, cookie).get('/buy/pizza');
    expect(await shown(browser)).toEqual({ userId: 'ada', cart: ['pizza'] });
    const slow = new Browser(other, cookie).get('/slow');
    await gate.reached;
    await browser.get('/logout');
    gate.open();
    expect((await slow).body).toBe('slow');
    expect(refused).toEqual([sid]);
    expect(await sessions.exists(sid)).toBe(0);
  });

  it('works without a request', async () => {
    const { clock, sessions, storeWith } = await setUp(kind);
    const store = storeWith();
    const application = await startShop(store);
    const browser = new Browser(application);
    await browser.get('/buy/pizza');
    const plain = { cookie: { originalMaxAge: HOUR / 2 }, theme: 'dark' };
    const done = (action: (callback: (error?: unknown) => void) => void) =>
      new Promise<void>((resolve, reject) => {
        action((error) => (error ? reject(error) : resolve()));
      });
    clock.advance(1000);
    await done((callback) => store.touch(browser.sid, plain as never, callback));
    expect(await sessions.withToken(browser.sid).pttl()).toBeCloseTo(HOUR, -5);
    // Everything is written, because nothing is known about the stored session.
    await done((callback) => store.set(browser.sid, plain as never, callback));
    expect(await shown(browser)).toEqual({ theme: 'dark' });
    // express-session counts down the remaining time of a cookie, in real time.
    const left = await sessions.withToken(browser.sid).pttl();
    expect(left > 0 && left <= HOUR / 2, String(left)).toBe(true);
    const refused = refusalsOf(store);
    await done((callback) => store.set('A'.repeat(22), plain as never, callback));
    expect(refused).toEqual(['A'.repeat(22)]);
    expect(await sessions.exists('A'.repeat(22))).toBe(0);
  });
});

it('sends one command to write what a request changed, and one to say that there was a request', async () => {
  const server = await startServer();
  const client = await CONNECTIONS['ioredis, RESP2'](server.addresses[0].port);
  const store = new RespiteStore({ client });
  const application = await startApp({ store, genid: store.genid, cookie: { maxAge: HOUR } }, (app) => {
    app.get('/', (req, res) => {
      req.session.theme = 'dark';
      req.session.views = (req.session.views ?? 0) + 1;
      res.send('counted');
    });
    app.get('/look', (_req, res) => res.send('looked'));
  });
  const browser = new Browser(application);
  await browser.get('/');
  const call = vi.spyOn(client, 'call');
  const multi = vi.spyOn(client, 'multi');
  await browser.get('/');
  await browser.get('/look');
  const sent = call.mock.calls.map(([command, args]) => [command, ...(args as unknown as string[]).slice(1)]);
  expect(sent.filter(([command]) => !['SESSION.GETALL', 'SESSION.PTTL'].includes(command))).toEqual([
    ['SESSION.SET', 'views', '2'],
    ['SESSION.TOUCH'],
  ]);
  expect(multi).not.toHaveBeenCalled();
});
