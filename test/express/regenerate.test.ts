import type { Express } from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import { Browser, Gate } from './app.js';
import { KINDS, setUp, shown, startShop, tearDown } from './shop.js';

afterEach(tearDown);

/** A route that changes the session, waits, and regenerates it for a user who logs in. */
const routes = (gate: Gate) => (app: Express) =>
  app.get('/regenerate/:who', async (req, res) => {
    req.session.views = 7;
    await gate.pass();
    req.session.regenerate(() => {
      req.session.userId = req.params.who;
      res.send('welcome');
    });
  });

describe.each(KINDS)('regenerate, over %s', (kind) => {
  it('keeps the latest values of the chosen properties under a new token', async () => {
    const { sessions, storeWith } = await setUp(kind);
    const gate = new Gate();
    const store = storeWith({ keep: ['cart', 'views', 'missing'] });
    const application = await startShop(store, routes(gate));
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
    expect((await sessions.withToken(browser.sid).info()).name).toBe('express:ada');
  });

  it('keeps nothing of a session that was ended meanwhile', async () => {
    const { storeWith } = await setUp(kind);
    const gate = new Gate();
    const application = await startShop(storeWith({ keep: ['cart'] }), routes(gate));
    const browser = new Browser(application);
    await browser.get('/buy/pizza');
    const login = browser.get('/regenerate/ada');
    await gate.reached;
    await new Browser(application, browser.cookie).get('/logout');
    gate.open();
    await login;
    expect(await shown(browser)).toEqual({ userId: 'ada' });
  });

  it('keeps nothing by default, and can keep properties of a session that was never saved', async () => {
    const { storeWith } = await setUp(kind);
    const gate = new Gate();
    gate.open();
    const [plain, keeping] = await Promise.all(
      [storeWith(), storeWith({ keep: ['views'] })].map((store) => startShop(store, routes(gate))),
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
