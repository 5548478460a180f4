import { afterEach, describe, expect, it } from 'vitest';
import { Browser } from './app.js';
import { KINDS, setUp, shown, startShop, tearDown } from './shop.js';

afterEach(tearDown);

describe.each(KINDS)('the store, over %s', (kind) => {
  it('logs out everywhere', async () => {
    const { storeWith } = await setUp(kind);
    const store = storeWith();
    const application = await startShop(store);
    const [phone, laptop, other] = Array.from({ length: 3 }, () => new Browser(application));
    for (const browser of [phone, laptop]) await browser.get('/login/ada');
    await other.get('/login/eve');
    expect((await store.sessionsOf('ada')).map(({ id }) => id)).toEqual([phone.sid, laptop.sid]);
    expect(await store.endAll('ada')).toBe(2);
    expect([await shown(phone), await shown(laptop), await shown(other)]).toEqual([{}, {}, { userId: 'eve' }]);
    expect(await store.endAll('ada')).toBe(0);
  });

  it('refuses an empty name, which would mean all sessions without a known user', async () => {
    const { storeWith } = await setUp(kind);
    const store = storeWith();
    await expect(store.endAll('')).rejects.toThrow(RangeError);
    await expect(store.sessionsOf('')).rejects.toThrow(RangeError);
    expect(() => storeWith({ prefix: '' })).toThrow(RangeError);
  });

  it('lists, counts and ends its own sessions, and no others', async () => {
    const { sessions, storeWith } = await setUp(kind);
    const store = storeWith({ prefix: 'a*:' });
    const application = await startShop(store);
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
});
