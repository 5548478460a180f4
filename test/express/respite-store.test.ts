import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { inspect } from 'node:util';
import type { Express } from 'express';
import type { SessionOptions } from 'express-session';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Sessions } from '../../src/client/index.js';
import { RespiteStore, type RespiteStoreOptions, type StoreClient } from '../../src/express/index.js';
import type { Server } from '../../src/index.js';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { CONNECTIONS, closeConnections } from '../redis-connections.js';
import { type Application, Browser, Gate, startApp, stopApps } from './app.js';

const HOUR = 3_600_000;

/** What each library makes of replies is up to the tests of the client; here it is how requests come to the server. */
const KINDS = ['ioredis, RESP2', 'ioredis, pipelining by itself', 'node-redis, RESP3'] as const;

describe.each(KINDS)('the store over %s', (kind) => {
  let clock: FakeClock;
  let server: Server;
  let client: StoreClient;
  /** What another program sees, over a connection of its own. */
  let sessions: Sessions;

  beforeEach(async () => {
    clock = new FakeClock();
    server = await startServer({}, { clock });
    client = await CONNECTIONS[kind](server.addresses[0].port);
    sessions = new Sessions(await CONNECTIONS['ioredis, RESP2'](server.addresses[0].port));
  });
  afterEach(async () => {
    await stopApps();
    closeConnections();
    await stopServers();
  });

  const storeWith = (options: Partial<RespiteStoreOptions> = {}) =>
    new RespiteStore({ client, nameOf: (session) => session.userId, ...options });

  /** An application with one route for what the test does. */
  async function appWith(
    store: RespiteStore,
    routes: (app: Express) => void,
    options: Partial<SessionOptions> = {},
  ): Promise<Application> {
    return startApp({ store, genid: store.genid, cookie: { maxAge: HOUR }, ...options }, (app) => {
      app.get('/buy/:what', (req, res) => {
        req.session.cart = [...(req.session.cart ?? []), req.params.what];
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
      routes(app);
    });
  }

  const shown = async (browser: Browser) => JSON.parse((await browser.get('/show')).body);

  it('keeps a session by the token that is in the cookie, each property as a key', async () => {
    const application = await appWith(storeWith({ maxAge: 28_800 }), () => {});
    const browser = new Browser(application);
    await browser.get('/buy/pizza');
    expect(browser.sid).toMatch(/^[\w-]{22}$/);
    const session = sessions.withToken(browser.sid);
    expect(await session.getAll()).toEqual({ cart: '["pizza"]', cookie: expect.any(String) });
    expect(JSON.parse((await session.get('cookie')) ?? '')).toEqual({
      originalMaxAge: expect.closeTo(HOUR, -2),
      httpOnly: true,
      path: '/',
    });
    expect(await session.info()).toMatchObject({ name: 'sess:', extend: 'set', maxAge: 28_800, deleteSession: true });
    expect(await session.pttl()).toBeCloseTo(HOUR, -2);
    expect(await shown(browser)).toEqual({ cart: ['pizza'] });
    expect(application.errors).toEqual([]);
  });

  it('leaves alone what it did not change, and what is not its own', async () => {
    const gate = new Gate();
    const application = await appWith(storeWith(), (app) =>
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
    // Keys of another program: not JSON, of a name that express sessions have for themselves, JSON otherwise written.
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

  it('never creates a session of an id that a browser brings', async () => {
    const application = await appWith(storeWith(), () => {});
    const known = await sessions.create('sess:', { data: { not: 'ours' } });
    await sessions.create('defaults', { shared: true, data: { cookie: '{}' } });
    for (const sid of ['A'.repeat(22), 'short', known.token, '@defaults']) {
      const signature = createHmac('sha256', 'correct horse').update(sid).digest('base64').replace(/=+$/, '');
      const browser = new Browser(application, `connect.sid=${encodeURIComponent(`s:${sid}.${signature}`)}`);
      expect(browser.sid).toBe(sid);
      await browser.get('/buy/pizza');
      expect(browser.sid).not.toBe(sid);
      expect(await shown(browser)).toEqual({ cart: ['pizza'] });
    }
    expect(await sessions.exists('A'.repeat(22))).toBe(0);
    expect(await known.getAll()).toEqual({ not: 'ours' });
    expect(application.errors).toEqual([]);
  });

  it('works over several processes', async () => {
    const gate = new Gate();
    const wait = (app: Express) =>
      app.get('/slow', async (req, res) => {
        await gate.pass();
        req.session.views = 1;
        res.send('slow');
      });
    const refused: string[] = [];
    const stores = [storeWith(), storeWith()];
    stores[1].on('refused', (sid) => refused.push(sid));
    const [one, other] = await Promise.all(stores.map((store) => appWith(store, wait)));
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

  it('saves what one request saves several times, in turn', async () => {
    const application = await appWith(storeWith(), (app) =>
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
    // The second time there is a session, of which the changes are written.
    await browser.get('/hurry');
    expect(await shown(browser)).toEqual({ views: 2 });
    expect(application.errors).toEqual([]);
  });

  it('does not create again what the same request has created and destroyed', async () => {
    const store = storeWith();
    const refused: string[] = [];
    store.on('refused', (sid) => refused.push(sid));
    const ids: string[] = [];
    const application = await appWith(store, (app) =>
      app.get('/undo', (req, res) => {
        const { session } = req;
        ids.push(session.id);
        session.save(() =>
          session.destroy(() => {
            session.views = 1;
            session.save(() => res.send('undone'));
          }),
        );
      }),
    );
    await new Browser(application).get('/undo');
    expect(refused).toEqual(ids);
    expect(await sessions.exists(ids[0])).toBe(0);
  });

  it('takes a session for created though the reply was lost', async () => {
    const application = await appWith(storeWith(), (app) =>
      app.get('/lost', async (req, res) => {
        await sessions.create('sess:', { ttl: 60, token: req.sessionID, data: { views: '1' } });
        req.session.views = 2;
        res.send('created');
      }),
    );
    const browser = new Browser(application);
    await browser.get('/lost');
    expect(await shown(browser)).toEqual({ views: 2 });
    expect(await sessions.withToken(browser.sid).pttl()).toBeCloseTo(HOUR, -2);
    expect(application.errors).toEqual([]);
  });

  describe('when a user becomes known without regenerate', () => {
    it('gives the session the name, with its data, its token and what is left of its maximum age', async () => {
      const store = storeWith({ maxAge: 100 });
      const application = await appWith(store, () => {});
      const browser = new Browser(application);
      await browser.get('/buy/pizza');
      const { sid } = browser;
      clock.advance(30_500);
      await browser.get('/login/ada');
      expect(browser.sid).toBe(sid);
      expect(await sessions.withToken(sid).info()).toMatchObject({ name: 'sess:ada', maxAge: 69, extend: 'set' });
      expect(await shown(browser)).toEqual({ userId: 'ada', cart: ['pizza'] });
      expect(await store.sessionsOf('ada')).toEqual([
        { id: sid, userId: 'ada', cart: ['pizza'], cookie: expect.objectContaining({ path: '/' }) },
      ]);
      expect(await store.sessionsOf('')).toEqual([]);
      expect(application.errors).toEqual([]);
    });

    /** Holds the rename where it has looked at the session and not changed it. */
    function holdRename(gate: Gate): void {
      const duplicate = client.duplicate.bind(client) as (override?: object) => StoreClient;
      client.duplicate = ((override?: object) => {
        const own = duplicate(override);
        const multi = own.multi.bind(own);
        own.multi = (() => {
          const transaction = multi();
          const exec = transaction.exec.bind(transaction) as () => Promise<unknown>;
          return Object.assign(transaction, {
            exec: async () => {
              await gate.pass();
              return exec();
            },
          });
        }) as never;
        return own;
      }) as never;
    }

    it('loses nothing that is written meanwhile', async () => {
      const application = await appWith(storeWith(), () => {});
      const browser = new Browser(application);
      await browser.get('/buy/pizza');
      const gate = new Gate();
      holdRename(gate);
      const login = browser.get('/login/ada');
      await gate.reached;
      await new Browser(application, browser.cookie).get('/buy/cola');
      gate.open();
      await login;
      expect(await shown(browser)).toEqual({ userId: 'ada', cart: ['pizza', 'cola'] });
      expect((await sessions.withToken(browser.sid).info()).name).toBe('sess:ada');
    });

    it('does not bring back what is ended meanwhile', async () => {
      const store = storeWith();
      const refused: string[] = [];
      store.on('refused', (sid) => refused.push(sid));
      const application = await appWith(store, () => {});
      const browser = new Browser(application);
      await browser.get('/buy/pizza');
      const gate = new Gate();
      holdRename(gate);
      const login = browser.get('/login/ada');
      await gate.reached;
      await new Browser(application, browser.cookie).get('/logout');
      gate.open();
      expect((await login).body).toBe('welcome');
      expect(refused).toEqual([browser.sid]);
      expect(await sessions.exists(browser.sid)).toBe(0);
      expect(application.errors).toEqual([]);
    });

    it('keeps the session as it is if the connection is lost meanwhile', async () => {
      const application = await appWith(storeWith(), (app) =>
        app.get('/try/:who', (req, res) => {
          req.session.userId = req.params.who;
          req.session.save((error) => res.send(error?.name));
        }),
      );
      const browser = new Browser(application);
      await browser.get('/buy/pizza');
      const gate = new Gate();
      holdRename(gate);
      const login = browser.get('/try/ada');
      await gate.reached;
      const admin = (await CONNECTIONS['ioredis, RESP2'](server.addresses[0].port)) as Redis;
      // Looking at the session, it asks for the time last.
      const its = /^id=(\d+) .* cmd=time /m.exec(String(await admin.client('LIST')))?.[1] ?? '';
      await admin.client('KILL', 'ID', its);
      gate.open();
      expect((await login).body).toBe('RequestError');
      expect(await shown(browser)).toEqual({ cart: ['pizza'] });
      expect((await sessions.withToken(browser.sid).info()).name).toBe('sess:');
      await browser.get('/login/ada');
      expect((await sessions.withToken(browser.sid).info()).name).toBe('sess:ada');
    });

    it('keeps the session if the name is too long', async () => {
      const application = await appWith(storeWith(), (app) =>
        app.get('/long', (req, res) => {
          req.session.userId = 'a'.repeat(600);
          req.session.save((error) => res.send(error.message));
        }),
      );
      const browser = new Browser(application);
      await browser.get('/buy/pizza');
      expect((await browser.get('/long')).body).toMatch(/at most 512 bytes/);
      expect(await shown(browser)).toEqual({ cart: ['pizza'] });
      expect(application.errors).toEqual([]);
    });
  });

  describe('regenerate', () => {
    const routes = (gate: Gate) => (app: Express) =>
      app.get('/regenerate/:who', async (req, res) => {
        req.session.views = 7;
        await gate.pass();
        req.session.regenerate(() => {
          req.session.userId = req.params.who;
          res.send('welcome');
        });
      });

    it('gives a new token to what is to be kept, as other requests have left it', async () => {
      const gate = new Gate();
      const store = storeWith({ keep: ['cart', 'views', 'missing'] });
      const application = await appWith(store, routes(gate));
      const browser = new Browser(application);
      await browser.get('/buy/pizza');
      const { sid: before } = browser;
      await sessions.withToken(before).set({ theme: '"dark"' });
      const login = browser.get('/regenerate/ada');
      await gate.reached;
      await new Browser(application, browser.cookie).get('/buy/cola');
      gate.open();
      await login;
      expect(browser.sid).not.toBe(before);
      expect(await sessions.exists(before)).toBe(0);
      expect(await shown(browser)).toEqual({ userId: 'ada', cart: ['pizza', 'cola'], views: 7 });
      expect((await sessions.withToken(browser.sid).info()).name).toBe('sess:ada');
    });

    it('keeps nothing of a session that was ended meanwhile', async () => {
      const gate = new Gate();
      const application = await appWith(storeWith({ keep: ['cart'] }), routes(gate));
      const browser = new Browser(application);
      await browser.get('/buy/pizza');
      const login = browser.get('/regenerate/ada');
      await gate.reached;
      await new Browser(application, browser.cookie).get('/logout');
      gate.open();
      await login;
      expect(await shown(browser)).toEqual({ userId: 'ada' });
    });

    it('leaves the old session ended, whoever saves it yet', async () => {
      const store = storeWith();
      const refused: string[] = [];
      store.on('refused', (sid) => refused.push(sid));
      const ids: string[] = [];
      const application = await appWith(store, (app) =>
        app.get('/late', (req, res) => {
          const { session } = req;
          ids.push(session.id);
          session.regenerate(() => {
            session.views = 1;
            session.save(() => res.send('late'));
          });
        }),
      );
      const browser = new Browser(application);
      await browser.get('/late');
      await browser.get('/buy/pizza');
      await browser.get('/late');
      expect(refused).toEqual(ids);
      expect(await sessions.exists(ids[0], ids[1])).toBe(0);
    });

    it('keeps nothing unless asked, and takes from a session that was never saved', async () => {
      const gate = new Gate();
      gate.open();
      const [plain, keeping] = await Promise.all(
        [storeWith(), storeWith({ keep: ['views'] })].map((store) => appWith(store, routes(gate))),
      );
      for (const [application, expected] of [
        [plain, { userId: 'ada' }],
        [keeping, { userId: 'ada', views: 7 }],
      ] as const) {
        const browser = new Browser(application);
        await browser.get('/regenerate/ada');
        expect(await shown(browser)).toEqual(expected);
      }
    });
  });

  it('logs out everywhere', async () => {
    const store = storeWith();
    const application = await appWith(store, () => {});
    const [phone, laptop, other] = Array.from({ length: 3 }, () => new Browser(application));
    for (const browser of [phone, laptop]) await browser.get('/login/ada');
    await other.get('/login/eve');
    expect((await store.sessionsOf('ada')).map(({ id }) => id)).toEqual([phone.sid, laptop.sid]);
    expect(await store.endAll('ada')).toBe(2);
    expect([await shown(phone), await shown(laptop), await shown(other)]).toEqual([{}, {}, { userId: 'eve' }]);
    expect(await store.endAll('ada')).toBe(0);
  });

  it.each([false, true])('tells the data of sessions that expire (subscriber of the user: %s)', async (given) => {
    const subscriber = given ? await CONNECTIONS[kind](server.addresses[0].port) : undefined;
    const store = storeWith({ maxAge: 5000, ...(subscriber !== undefined && { subscriber }) });
    const application = await appWith(store, () => {});
    const heard: unknown[] = [];
    let wake = () => {};
    const stop = await store.onExpired((sid, session) => {
      heard.push([sid, session]);
      if (heard.length === 2) wake();
    });
    const both = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const [idle, busy] = [new Browser(application), new Browser(application)];
    await idle.get('/buy/pizza');
    await busy.get('/buy/cola');
    await sessions.create('other:x', { ttl: 1, data: { cookie: '{}' } });
    await sessions.create('sess:', { ttl: 1, data: { not: 'ours' } });
    clock.advance(HOUR - 60_000);
    await busy.get('/show');
    clock.advance(HOUR);
    await both;
    const cookie = expect.objectContaining({ path: '/', expires: expect.any(Date) });
    expect(heard).toEqual([
      [idle.sid, { cart: ['pizza'], cookie }],
      [busy.sid, { cart: ['cola'], cookie }],
    ]);
    await stop();
    const observer = await connectTo(server);
    await observer.expect('PUBSUB NUMPAT\r\n', ':0\r\n');
  });

  describe('the cookie', () => {
    /** Routes that look at the cookie and change it. */
    const routes = (app: Express) => {
      app.get('/left', (req, res) => res.json([req.session.cookie.maxAge, req.session.cookie.originalMaxAge]));
      app.get('/remember/:ms', (req, res) => {
        req.session.cookie.maxAge = Number(req.params.ms);
        res.send('remembered');
      });
      app.get('/forget', (req, res) => {
        req.session.cookie.expires = null;
        res.send('forgotten');
      });
    };

    it('expires when the session does, to the millisecond', async () => {
      const application = await appWith(storeWith(), routes, { cookie: { maxAge: 1500 } });
      const browser = new Browser(application);
      await browser.get('/buy/pizza');
      const session = sessions.withToken(browser.sid);
      const whole = await session.pttl();
      expect(whole).toBeGreaterThan(1490);
      expect(whole).toBeLessThanOrEqual(1500);
      clock.advance(500);
      const [left, original] = JSON.parse((await browser.get('/left')).body);
      expect(left).toBeLessThanOrEqual(whole - 500);
      expect(left).toBeGreaterThan(whole - 500 - 900);
      expect(original).toBe(whole);
      // That was a use of it.
      expect(await session.pttl()).toBe(whole);
      clock.advance(whole - 1);
      expect(await session.exists()).toBe(true);
      clock.advance(1);
      expect(await shown(browser)).toEqual({});
    });

    it('has the duration of the option if it lives as long as the browser', async () => {
      const application = await appWith(storeWith({ ttl: 60 }), routes, { cookie: {} });
      const browser = new Browser(application);
      expect((await browser.get('/buy/pizza')).setCookie).not.toMatch(/expires/i);
      const session = sessions.withToken(browser.sid);
      expect(await session.pttl()).toBe(60_000);
      clock.advance(30_000);
      expect(JSON.parse((await browser.get('/left')).body)).toEqual([null, null]);
      expect(await session.pttl()).toBe(60_000);
    });

    it('takes the session along when it is changed, though nothing else is', async () => {
      const application = await appWith(storeWith({ ttl: 60 }), routes);
      const browser = new Browser(application);
      await browser.get('/buy/pizza');
      const session = sessions.withToken(browser.sid);
      await browser.get(`/remember/${24 * HOUR}`);
      expect(await session.pttl()).toBeCloseTo(24 * HOUR, -2);
      await browser.get('/show');
      expect(await session.pttl()).toBeCloseTo(24 * HOUR, -2);
      await browser.get('/forget');
      expect(await session.pttl()).toBe(60_000);
      await browser.get('/remember/0');
      expect(await session.exists()).toBe(false);
    });

    it('stays as another request has made it', async () => {
      const gate = new Gate();
      const application = await appWith(storeWith(), (app) => {
        routes(app);
        app.get('/slow', async (req, res) => {
          await gate.pass();
          req.session.theme = 'dark';
          res.send('slow');
        });
      });
      const browser = new Browser(application);
      await browser.get('/buy/pizza');
      const slow = new Browser(application, browser.cookie).get('/slow');
      await gate.reached;
      await browser.get(`/remember/${24 * HOUR}`);
      gate.open();
      await slow;
      expect(await sessions.withToken(browser.sid).pttl()).toBeCloseTo(24 * HOUR, -2);
      expect(await shown(browser)).toEqual({ cart: ['pizza'], theme: 'dark' });
    });

    it('is sent with each response if it rolls', async () => {
      const application = await appWith(storeWith(), routes, {
        rolling: true,
        resave: true,
        saveUninitialized: true,
      });
      const browser = new Browser(application);
      const { setCookie } = await browser.get('/show');
      expect(setCookie).toBeDefined();
      const session = sessions.withToken(browser.sid);
      expect(await session.keys()).toEqual(['cookie']);
      clock.advance(HOUR / 2);
      expect((await browser.get('/show')).setCookie).toBeDefined();
      expect(await session.pttl()).toBeCloseTo(HOUR, -2);
      expect(application.errors).toEqual([]);
    });
  });

  it('lists, counts and ends its sessions, and no others', async () => {
    const store = storeWith({ prefix: 'a*:' });
    const application = await appWith(store, () => {});
    const browsers = Array.from({ length: 250 }, () => new Browser(application));
    for (const browser of browsers) await browser.get('/login/ada');
    const other = await sessions.create('ab:', { data: { cookie: '{}' } });
    const ids = browsers.map(({ sid }) => sid).sort();
    const ask = <T>(method: (callback: (error: unknown, result?: T) => void) => void) =>
      new Promise<T | undefined>((resolve, reject) => {
        method.call(store, (error, result) => (error ? reject(error) : resolve(result)));
      });
    expect((await ask(store.ids))?.sort()).toEqual(ids);
    expect(await ask(store.length)).toBe(250);
    const all = await ask(store.all);
    expect(all?.map(({ id }) => id).sort()).toEqual(ids);
    expect(all?.[0].userId).toBe('ada');
    await ask(store.clear);
    expect(await ask(store.length)).toBe(0);
    expect(await other.exists()).toBe(true);
  });

  it('works without a request', async () => {
    const store = storeWith();
    const application = await appWith(store, () => {});
    const browser = new Browser(application);
    await browser.get('/buy/pizza');
    const plain = { cookie: { originalMaxAge: 5000 }, theme: 'dark' };
    const done = (act: (callback: (error?: unknown) => void) => void) =>
      new Promise<void>((resolve, reject) => {
        act((error) => (error ? reject(error) : resolve()));
      });
    clock.advance(1000);
    await done((callback) => store.touch(browser.sid, plain as never, callback));
    expect(await sessions.withToken(browser.sid).pttl()).toBeCloseTo(HOUR, -2);
    // The whole of it: nothing is known of what it was.
    await done((callback) => store.set(browser.sid, plain as never, callback));
    expect(await shown(browser)).toEqual({ theme: 'dark' });
    expect(await sessions.withToken(browser.sid).pttl()).toBe(5000);
    const refused = vi.fn();
    store.on('refused', refused);
    await done((callback) => store.set('A'.repeat(22), plain as never, callback));
    expect(refused).toHaveBeenCalledWith('A'.repeat(22));
    expect(await sessions.exists('A'.repeat(22))).toBe(0);
  });

  it('says so if the ids are not its own', async () => {
    const store = storeWith();
    const application = await startApp({ store }, (app) =>
      app.get('/', (req, res) => {
        req.session.views = 1;
        req.session.save((error) => res.send(error.message));
      }),
    );
    expect((await new Browser(application).get('/')).body).toMatch(/genid: store\.genid/);
  });

  it('fails with errors that say no id', async () => {
    const application = await appWith(storeWith(), () => {});
    const browser = new Browser(application);
    await browser.get('/buy/pizza');
    await sessions.withToken(browser.sid).info();
    closeConnections();
    expect((await browser.get('/show')).status).toBe(500);
    expect(application.errors).toHaveLength(1);
    const said = inspect(application.errors[0], { depth: Number.POSITIVE_INFINITY, showHidden: true });
    expect(said).not.toContain(browser.sid);
  });
});

it('has connections of its own that wait until they are connected, though those of the application do not', async () => {
  const server = await startServer();
  const client = new Redis(server.addresses[0].port, { protocol: 2, enableOfflineQueue: false });
  await once(client, 'ready');
  const store = new RespiteStore({ client, nameOf: (session) => session.userId });
  const stop = await store.onExpired(() => {});
  const application = await startApp({ store, genid: store.genid }, (app) =>
    app.get('/:who', (req, res) => {
      req.session.userId = req.params.who;
      res.send('welcome');
    }),
  );
  const browser = new Browser(application);
  await browser.get('/ada');
  await browser.get('/eve');
  expect((await store.sessionsOf('eve')).map(({ id }) => id)).toEqual([browser.sid]);
  expect(application.errors).toEqual([]);
  await stop();
  client.disconnect();
  await stopApps();
  await stopServers();
});

it('ends and changes sessions though the application has watched another on the same connection', async () => {
  const server = await startServer();
  const client = new Redis(server.addresses[0].port, { protocol: 2 });
  const store = new RespiteStore({ client });
  const watched = await new Sessions(client).create('x');
  const disturb = async () => {
    await client.watch(watched.token);
    await watched.incrBy('count', 1);
  };
  const application = await startApp({ store, genid: store.genid }, (app) => {
    app.get('/set', async (req, res) => {
      req.session.views = 1;
      res.send('set');
    });
    app.get('/swap', async (req, res) => {
      await disturb();
      delete req.session.views;
      req.session.theme = 'dark';
      res.send('swapped');
    });
    app.get('/regenerate', async (req, res) => {
      await disturb();
      req.session.regenerate(() => res.send('regenerated'));
    });
  });
  const browser = new Browser(application);
  await browser.get('/set');
  const session = new Sessions(client).withToken(browser.sid);
  await browser.get('/swap');
  expect(await session.keys()).toEqual(['cookie', 'theme']);
  await browser.get('/regenerate');
  expect(await session.exists()).toBe(false);
  client.disconnect();
  await stopApps();
  await stopServers();
});

it('writes with one command what a request changed, and with one that it was there', async () => {
  const server = await startServer();
  const client = new Redis(server.addresses[0].port, { protocol: 2 });
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
  client.disconnect();
  await stopApps();
  await stopServers();
});
