import type { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import type { StoreClient } from '../../src/express/index.js';
import { CONNECTIONS } from '../redis-connections.js';
import { type Application, Browser, Gate } from './app.js';
import { KINDS, refusalsOf, setUp, shown, startShop, tearDown } from './shop.js';

afterEach(tearDown);

/** Holds a rename after it has read the session and before it changes it. */
function holdRename(client: StoreClient, gate: Gate): void {
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

/** Starts a login that is held there, from a browser with a session. */
async function holdLogin(client: StoreClient, application: Application, path: string) {
  const browser = new Browser(application);
  await browser.get('/buy/pizza');
  const gate = new Gate();
  holdRename(client, gate);
  const login = browser.get(path);
  await gate.reached;
  return { browser, gate, login };
}

describe.each(KINDS)('when a user becomes known without regenerate, over %s', (kind) => {
  it('gives the session the name, and keeps its data, its token and the rest of its maximum age', async () => {
    const { clock, sessions, storeWith } = await setUp(kind);
    const store = storeWith({ maxAge: 100 });
    const application = await startShop(store);
    const browser = new Browser(application);
    await browser.get('/buy/pizza');
    const { sid } = browser;
    clock.advance(30_500);
    await browser.get('/login/ada');
    expect(browser.sid).toBe(sid);
    expect(await sessions.withToken(sid).info()).toMatchObject({ name: 'express:ada', maxAge: 69, extend: 'set' });
    expect(await shown(browser)).toEqual({ userId: 'ada', cart: ['pizza'] });
    expect(await store.sessionsOf('ada')).toEqual([
      { id: sid, userId: 'ada', cart: ['pizza'], cookie: expect.objectContaining({ path: '/' }) },
    ]);
    expect(await sessions.tokens('express:')).toEqual([]);
    expect(application.errors).toEqual([]);
  });

  it('loses nothing that is written meanwhile', async () => {
    const { client, sessions, storeWith } = await setUp(kind);
    const application = await startShop(storeWith());
    const { browser, gate, login } = await holdLogin(client, application, '/login/ada');
    await new Browser(application, browser.cookie).get('/buy/cola');
    gate.open();
    await login;
    expect(await shown(browser)).toEqual({ userId: 'ada', cart: ['pizza', 'cola'] });
    expect((await sessions.withToken(browser.sid).info()).name).toBe('express:ada');
  });

  it('does not bring the session back if it is ended meanwhile', async () => {
    const { client, sessions, storeWith } = await setUp(kind);
    const store = storeWith();
    const refused = refusalsOf(store);
    const application = await startShop(store);
    const { browser, gate, login } = await holdLogin(client, application, '/login/ada');
    await new Browser(application, browser.cookie).get('/logout');
    gate.open();
    expect((await login).body).toBe('welcome');
    expect(refused).toEqual([browser.sid]);
    expect(await sessions.exists(browser.sid)).toBe(0);
    expect(application.errors).toEqual([]);
  });

  it('keeps the session unchanged if the connection is lost meanwhile', async () => {
    const { server, client, sessions, storeWith } = await setUp(kind);
    const application = await startShop(storeWith(), (app) =>
      app.get('/try/:who', (req, res) => {
        req.session.userId = req.params.who;
        req.session.save((error) => res.send(error?.name));
      }),
    );
    const { browser, gate, login } = await holdLogin(client, application, '/try/ada');
    const admin = (await CONNECTIONS['ioredis, RESP2'](server.addresses[0].port)) as Redis;
    // The last thing that it reads is the time.
    const its = /^id=(\d+) .* cmd=time /m.exec(String(await admin.client('LIST')))?.[1] ?? '';
    await admin.client('KILL', 'ID', its);
    gate.open();
    expect((await login).body).toBe('RequestError');
    expect(await shown(browser)).toEqual({ cart: ['pizza'] });
    expect((await sessions.withToken(browser.sid).info()).name).toBe('express:');
    await browser.get('/login/ada');
    expect((await sessions.withToken(browser.sid).info()).name).toBe('express:ada');
  });

  it('keeps the session if the name is too long', async () => {
    const { storeWith } = await setUp(kind);
    const application = await startShop(storeWith(), (app) =>
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
