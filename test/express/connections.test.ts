import { once } from 'node:events';
import { Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';
import { Sessions } from '../../src/client/index.js';
import { RespiteStore } from '../../src/express/index.js';
import { startServer } from '../embedded-server.js';
import { CONNECTIONS } from '../redis-connections.js';
import { Browser, startApp } from './app.js';
import { tearDown } from './shop.js';

afterEach(tearDown);

it('opens connections that wait until they are connected, even if those of the application do not', async () => {
  const server = await startServer();
  const client = new Redis(server.addresses[0].port, {
    protocol: 2,
    enableOfflineQueue: false,
    connectTimeout: 60_000,
  });
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
});

it('ends and changes sessions even if the application has watched another one on the same connection', async () => {
  const server = await startServer();
  const client = await CONNECTIONS['ioredis, RESP2'](server.addresses[0].port);
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
});
