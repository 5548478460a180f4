// The store of respite for koa-session, with koa-session itself: from a visit to "log out everywhere".
import { equal } from 'node:assert/strict';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import Koa from 'koa';
import session from 'koa-session';
import { koaStore } from '../../../dist/koa/index.js';

const redis = new Redis(Number(process.argv[2]));
const store = koaStore({ client: redis, nameOf: ({ user }) => user, prefix: 'site:' });
const site = new Koa();
site.keys = ['for this test only'];
site.use(session({ store, maxAge: 600_000 }, site));
let leave;
site.use(async (context) => {
  const { path, session } = context;
  if (path === '/login') {
    session.user = 'ada';
    await session.regenerate();
  } else if (path === '/logout') {
    context.session = null;
  } else {
    session.count = (session.count ?? 0) + 1;
    if (path === '/slow') await new Promise((resolve) => (leave = resolve));
  }
  context.body = `${context.session?.user} ${context.session?.count}`;
});
const server = site.listen(0, '127.0.0.1');
await once(server, 'listening');

/** A browser, which keeps its cookies. */
function browser() {
  let cookie = '';
  return async (path) => {
    const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`, { headers: { cookie } });
    const cookies = response.headers.getSetCookie().map((one) => one.split(';')[0]);
    if (cookies.length > 0) cookie = cookies.join('; ');
    return response.text();
  };
}

const visit = browser();
equal(await visit('/'), 'undefined 1');
equal(await visit('/login'), 'ada 1');
equal(await visit('/'), 'ada 2');
equal((await store.list('ada')).length, 1);
// The session from before the login has ended.
equal((await redis.call('SESSION.LIST', 'site:'))[1].length, 0);

// A request that ends after the logout does not bring the session back.
const slow = visit('/slow');
while (leave === undefined) await new Promise(setImmediate);
await store.endAll('ada');
leave();
equal(await slow, 'ada 3');
equal(await visit('/'), 'undefined 1');
equal((await store.list('ada')).length, 0);

const phone = browser();
for (const each of [visit, phone]) await each('/login');
equal((await store.list('ada')).length, 2);
equal(await phone('/logout'), 'undefined undefined');
equal((await store.list('ada')).length, 1);
await redis.flushall();
redis.disconnect();
server.close();
server.closeAllConnections();
console.log('done');
