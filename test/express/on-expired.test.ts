import { afterEach, describe, expect, it } from 'vitest';
import { connectTo } from '../embedded-server.js';
import { CONNECTIONS } from '../redis-connections.js';
import { Browser } from './app.js';
import { HOUR, KINDS, setUp, startShop, tearDown } from './shop.js';

afterEach(tearDown);

describe.each(KINDS)('onExpired, over %s', (kind) => {
  it.each([false, true])('passes on the data of expired sessions (subscriber option: %s)', async (given) => {
    const { clock, server, sessions, storeWith } = await setUp(kind);
    const subscriber = given ? await CONNECTIONS[kind](server.addresses[0].port) : undefined;
    const store = storeWith({ maxAge: 5000, ...(subscriber !== undefined && { subscriber }) });
    const application = await startShop(store);
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
    await sessions.create('express:', { ttl: 1, data: { not: 'ours' } });
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

  it('reports a session that is too large for an event, without its data', async () => {
    const { clock, storeWith } = await setUp(kind);
    const store = storeWith({});
    const application = await startShop(store);
    const expired = new Promise<unknown[]>((resolve) => {
      void store
        .onExpired((...args) => resolve(args))
        .then(async () => {
          const browser = new Browser(application);
          await browser.get('/large');
          clock.advance(2 * HOUR);
        });
    });
    expect((await expired)[1]).toBeUndefined();
  });

  it('continues when the listener throws, and reports the error', async () => {
    const { clock, storeWith } = await setUp(kind);
    const store = storeWith({});
    const application = await startShop(store);
    const errors: unknown[] = [];
    const both = new Promise<void>((resolve) => {
      const onError = (error: unknown) => {
        if (errors.push(error) === 2) resolve();
      };
      const fail = () => {
        throw new Error('mine');
      };
      void store.onExpired(fail, { onError }).then(async () => {
        for (const what of ['pizza', 'cola']) await new Browser(application).get(`/buy/${what}`);
        clock.advance(2 * HOUR);
      });
    });
    await both;
    expect(errors).toEqual([new Error('mine'), new Error('mine')]);
  });
});
