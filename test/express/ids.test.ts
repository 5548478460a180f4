import { createHmac } from 'node:crypto';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { closeConnections } from '../redis-connections.js';
import { Browser, startApp } from './app.js';
import { KINDS, setUp, shown, startShop, tearDown } from './shop.js';

afterEach(tearDown);

describe.each(KINDS)('ids, over %s', (kind) => {
  it('from a browser never create a session', async () => {
    const { sessions, storeWith } = await setUp(kind);
    const application = await startShop(storeWith());
    const known = await sessions.create('express:', { data: { not: 'ours' } });
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

  // That of express-session, and one of a token's length that no token can be.
  it.each([{}, { genid: () => `${'A'.repeat(21)}B` }])(
    'cause an error if the store has not generated them: %o',
    async (options) => {
      const { storeWith } = await setUp(kind);
      const store = storeWith();
      const application = await startApp({ store, ...options }, (app) =>
        app.get('/', (req, res) => {
          req.session.views = 1;
          req.session.save((error) => res.send(error.message));
        }),
      );
      expect((await new Browser(application).get('/')).body).toMatch(/genid: store\.genid/);
    },
  );

  it('do not appear in errors', async () => {
    const { sessions, storeWith } = await setUp(kind);
    const application = await startShop(storeWith());
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
