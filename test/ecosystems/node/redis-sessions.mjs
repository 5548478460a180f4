// redis-sessions: sessions of an application, indexed in sorted sets and sets.
import { deepEqual, equal } from 'node:assert/strict';
import redisSessions from 'redis-sessions';

const RedisSessions = redisSessions.default ?? redisSessions;
const sessions = new RedisSessions({
  port: Number(process.argv[2]),
  namespace: 'rs',
  options: { database: 8 },
  wipe: 0,
});
const app = 'shop';
const first = await sessions.create({ app, id: 'anne', ip: '192.0.2.1', ttl: 600, d: { cart: 'pizza' } });
await sessions.create({ app, id: 'anne', ip: '192.0.2.2', ttl: 600 });
await sessions.create({ app, id: 'john', ip: '192.0.2.3', ttl: 600 });
deepEqual((await sessions.get({ app, token: first.token })).d, { cart: 'pizza' });
deepEqual((await sessions.set({ app, token: first.token, d: { cart: null, paid: true } })).d, { paid: true });
equal((await sessions.activity({ app, deltaTime: 600 })).activity, 2);
equal((await sessions.soid({ app, id: 'anne' })).sessions.length, 2);
equal((await sessions.soapp({ app, deltaTime: 600 })).sessions.length, 3);
deepEqual(await sessions.kill({ app, token: first.token }), { kill: 1 });
equal(await sessions.get({ app, token: first.token }), null);
deepEqual(await sessions.killsoid({ app, id: 'anne' }), { kill: 1 });
deepEqual(await sessions.killall({ app }), { kill: 1 });
await sessions.quit();
console.log('done');
