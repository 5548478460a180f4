import type { Request } from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import type { RespiteStore } from '../../src/express/index.js';
import { Browser } from './app.js';
import { KINDS, refusalsOf, setUp, startShop, tearDown } from './shop.js';

afterEach(tearDown);

/** A browser of a shop whose `/late` route ends the session and saves it afterwards. */
async function visit(store: RespiteStore, end: (session: Request['session'], ended: () => void) => void) {
  const ids: string[] = [];
  const application = await startShop(store, (app) =>
    app.get('/late', (req, res) => {
      const { session } = req;
      ids.push(session.id);
      end(session, () => {
        session.views = 1;
        session.save(() => res.send('late'));
      });
    }),
  );
  return { browser: new Browser(application), ids, refused: refusalsOf(store) };
}

describe.each(KINDS)('a late save, over %s', (kind) => {
  it('does not create again what the same request has created and destroyed', async () => {
    const { sessions, storeWith } = await setUp(kind);
    const { browser, ids, refused } = await visit(storeWith(), (session, ended) =>
      session.save(() => session.destroy(ended)),
    );
    await browser.get('/late');
    expect(refused).toEqual(ids);
    expect(await sessions.exists(ids[0])).toBe(0);
  });

  it('does not bring the old session back after regenerate', async () => {
    const { sessions, storeWith } = await setUp(kind);
    const { browser, ids, refused } = await visit(storeWith(), (session, ended) => session.regenerate(ended));
    await browser.get('/late');
    await browser.get('/buy/pizza');
    await browser.get('/late');
    expect(refused).toEqual(ids);
    expect(await sessions.exists(ids[0], ids[1])).toBe(0);
  });
});
