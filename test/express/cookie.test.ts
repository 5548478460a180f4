import type { Express } from 'express';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Browser, Gate } from './app.js';
import { HOUR, KINDS, NEARLY, setUp, shown, startShop, tearDown } from './shop.js';

afterEach(tearDown);

/** Routes that read and change the cookie. */
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

describe.each(KINDS)('the cookie, over %s', (kind) => {
  it('expires when the session does, to the millisecond', async () => {
    const { clock, sessions, storeWith } = await setUp(kind);
    const application = await startShop(storeWith(), routes, { cookie: { maxAge: HOUR } });
    const browser = new Browser(application);
    await browser.get('/buy/pizza');
    const session = sessions.withToken(browser.sid);
    const whole = await session.pttl();
    // The request has taken some of it, in real time.
    expect(whole).toBeGreaterThan(HOUR / 2);
    expect(whole).toBeLessThanOrEqual(HOUR);
    clock.advance(500);
    const [left, original] = JSON.parse((await browser.get('/left')).body);
    expect(left).toBeLessThanOrEqual(whole - 500);
    expect(left).toBeGreaterThan(whole - 500 - HOUR / 2);
    expect(original).toBe(whole);
    // That request counts as a use.
    expect(await session.pttl()).toBe(whole);
    clock.advance(whole - 1);
    expect(await session.exists()).toBe(true);
    clock.advance(1);
    expect(await shown(browser)).toEqual({});
  });

  it('has the duration of the option if the cookie lives until the browser closes', async () => {
    const { clock, sessions, storeWith } = await setUp(kind);
    const application = await startShop(storeWith({ ttl: 60 }), routes, { cookie: {} });
    const browser = new Browser(application);
    expect((await browser.get('/buy/pizza')).setCookie).not.toMatch(/expires/i);
    const session = sessions.withToken(browser.sid);
    expect(await session.pttl()).toBe(60_000);
    clock.advance(30_000);
    expect(JSON.parse((await browser.get('/left')).body)).toEqual([null, null]);
    expect(await session.pttl()).toBe(60_000);
  });

  it('changes the duration of the session, even if nothing else changes', async () => {
    const { sessions, storeWith } = await setUp(kind);
    const application = await startShop(storeWith({ ttl: 60 }), routes);
    const browser = new Browser(application);
    await browser.get('/buy/pizza');
    const session = sessions.withToken(browser.sid);
    await browser.get(`/remember/${24 * HOUR}`);
    expect(await session.pttl()).toBeCloseTo(24 * HOUR, NEARLY);
    await browser.get('/show');
    expect(await session.pttl()).toBeCloseTo(24 * HOUR, NEARLY);
    await browser.get('/forget');
    expect(await session.pttl()).toBe(60_000);
    await browser.get('/remember/0');
    expect(await session.exists()).toBe(false);
  });

  it('stays the same if the machine is so busy that time passes while it is renewed', async () => {
    const { sessions, storeWith } = await setUp(kind);
    const application = await startShop(storeWith());
    const browser = new Browser(application);
    await browser.get('/buy/pizza');
    const session = sessions.withToken(browser.sid);
    const [cookie, whole] = [await session.get('cookie'), await session.pttl()];
    const began = Date.now();
    let looks = 0;
    const look = vi.spyOn(Date, 'now').mockImplementation(() => began + 40 * ++looks);
    try {
      await browser.get('/buy/cola');
    } finally {
      look.mockRestore();
    }
    expect([await session.get('cookie'), await session.pttl()]).toEqual([cookie, whole]);
  });

  it('stays as another request has set it', async () => {
    const { sessions, storeWith } = await setUp(kind);
    const gate = new Gate();
    const application = await startShop(storeWith(), (app) => {
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
    expect(await sessions.withToken(browser.sid).pttl()).toBeCloseTo(24 * HOUR, NEARLY);
    expect(await shown(browser)).toEqual({ cart: ['pizza'], theme: 'dark' });
  });

  it('is sent with each response if it rolls', async () => {
    const { clock, sessions, storeWith } = await setUp(kind);
    const application = await startShop(storeWith(), routes, {
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
    expect(await session.pttl()).toBeCloseTo(HOUR, NEARLY);
    expect(application.errors).toEqual([]);
  });
});
