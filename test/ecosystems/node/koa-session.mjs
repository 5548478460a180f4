// Koa's sessions in a store made of ioredis, as its documentation shows.
import { equal } from 'node:assert/strict';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import Koa from 'koa';
import session from 'koa-session';

const redis = new Redis(Number(process.argv[2]), { db: 2 });
const store = {
  get: async (key) => JSON.parse(await redis.get(key)),
  set: (key, value, maxAge) => redis.set(key, JSON.stringify(value), 'PX', maxAge),
  destroy: (key) => redis.del(key),
};
const site = new Koa();
site.keys = ['for this test only'];
site.use(session({ store, maxAge: 600_000, prefix: 'koa:' }, site));
site.use((context) => {
  if (context.path === '/logout') context.session = null;
  else context.session.count = (context.session.count ?? 0) + 1;
  context.body = String(context.session?.count);
});
const server = site.listen(0, '127.0.0.1');
await once(server, 'listening');

let cookie = '';
async function visit(path) {
  const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`, { headers: { cookie } });
  const cookies = response.headers.getSetCookie().map((one) => one.split(';')[0]);
  if (cookies.length > 0) cookie = cookies.join('; ');
  return response.text();
}
equal(await visit('/'), '1');
equal(await visit('/'), '2');
const [key] = await redis.keys('koa:*');
equal((await redis.pttl(key)) > 500_000, true);
const before = cookie;
await visit('/logout');
equal(await redis.exists(key), 0);
cookie = before;
equal(await visit('/'), '1');
await redis.flushdb();
redis.disconnect();
server.close();
server.closeAllConnections();
console.log('done');
