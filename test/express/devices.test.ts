import { afterEach, describe, expect, it } from 'vitest';
import { Browser } from './app.js';
import { HOUR, KINDS, NEARLY, setUp, shown, startShop, tearDown } from './shop.js';

afterEach(tearDown);

describe.each(KINDS)("a user's devices, over %s", (kind) => {
  it('are listed without the ids in the cookies, and logged out one by one or all but this', async () => {
    const { clock, storeWith } = await setUp(kind);
    const store = storeWith();
    const application = await startShop(store);
    const browsers = Array.from({ length: 4 }, () => new Browser(application));
    const [phone, laptop, , other] = browsers;
    for (const browser of browsers.slice(0, 3)) await browser.get('/login/ada');
    await other.get('/login/eve');
    await phone.get('/buy/pizza');

    const devices = await store.list('ada', { keys: ['userId', 'cart', 'theme'] });
    expect(devices).toHaveLength(3);
    expect(devices[0]).toEqual({
      id: await store.id(phone.sid),
      created: clock.wall(),
      lastUsed: clock.wall(),
      pttl: expect.closeTo(HOUR, NEARLY),
      bytes: expect.any(Number),
      // The cookie is stored as well.
      keys: 3,
      values: { userId: 'ada', cart: ['pizza'], theme: undefined },
    });
    for (const { sid } of browsers) expect(JSON.stringify(devices)).not.toContain(sid);

    expect(await store.endById('ada', [devices[1].id, (await store.id(other.sid)) as string])).toBe(1);
    expect([await shown(laptop), await shown(other)]).toEqual([{}, { userId: 'eve' }]);

    const own = await store.id(phone.sid);
    const others = (await store.list('ada')).map(({ id }) => id).filter((id) => id !== own);
    expect(await store.endById('ada', others)).toBe(1);
    expect((await store.list('ada')).map(({ id, values }) => ({ id, values }))).toEqual([{ id: own, values: {} }]);
    expect(await store.endById('ada', [])).toBe(0);
  });

  it('pages through very many', async () => {
    const { server, sessions, storeWith } = await setUp(kind);
    for (let i = 0; i < 2500; i++)
      await sessions.create('express:ada', { data: { userId: i % 2 ? '"ada"' : 'no JSON' } });
    const listed = await storeWith().list('ada', { keys: ['userId'] });
    expect(new Set(listed.map(({ id }) => id)).size).toBe(2500);
    expect(listed.slice(0, 2).map(({ values }) => values.userId)).toEqual([undefined, 'ada']);
    expect(server.engine.size).toBe(2500);
  });

  it('have no id before they are saved or after they have ended, and belong to a known user', async () => {
    const { storeWith } = await setUp(kind);
    const store = storeWith();
    const application = await startShop(store);
    const browser = new Browser(application);
    await browser.get('/login/ada');
    const { sid } = browser;
    expect(await store.id(sid)).toMatch(/^[\w-]{11}$/);
    await browser.get('/logout');
    expect(await store.id(sid)).toBeUndefined();
    expect(await store.id('no token')).toBeUndefined();
    await expect(store.list('')).rejects.toThrow(RangeError);
    await expect(store.endById('', ['x'])).rejects.toThrow(RangeError);
    await expect(store.endById('ada', 'x' as never)).rejects.toThrow('ids must be an array of strings, not a string');
    await expect(store.endById('ada', [undefined] as never)).rejects.toThrow(TypeError);
    await expect(store.list('ada', { keys: 'cart' as never })).rejects.toThrow(TypeError);
    await expect(store.id(undefined as never)).rejects.toThrow('the session id must be a string, not undefined');
  });
});
