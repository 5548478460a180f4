// Express with connect-valkey, over valkey-glide.
import { equal } from 'node:assert/strict';
import { once } from 'node:events';
import { GlideClient } from '@valkey/valkey-glide';
import { ValkeyStore } from 'connect-valkey';
import express from 'express';
import session from 'express-session';

const client = await GlideClient.createClient({
  addresses: [{ host: '127.0.0.1', port: Number(process.argv[2]) }],
  databaseId: 3,
  requestTimeout: 60_000,
  advancedConfiguration: { connectionTimeout: 60_000 },
});
const store = new ValkeyStore({ client, prefix: 'app:' });
const site = express();
site.use(session({ store, secret: 'for this test only', resave: false, saveUninitialized: false }));
site.get('/', (request, response) => {
  request.session.count = (request.session.count ?? 0) + 1;
  response.send(String(request.session.count));
});
site.get('/logout', (request, response) => request.session.destroy(() => response.send('bye')));
const server = site.listen(0, '127.0.0.1');
await once(server, 'listening');

let cookie = '';
async function visit(path) {
  const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`, { headers: { cookie } });
  const given = response.headers.getSetCookie()[0];
  if (given !== undefined) cookie = given.split(';')[0];
  return response.text();
}
equal(await visit('/'), '1');
equal(await visit('/'), '2');
equal(await client.dbsize(), 1);
const sessions = await new Promise((resolve, reject) =>
  store.all((error, all) => (error ? reject(error) : resolve(all))),
);
equal(sessions[0].count, 2);
const before = cookie;
equal(await visit('/logout'), 'bye');
equal(await client.dbsize(), 0);
cookie = before;
equal(await visit('/'), '1');
await client.flushdb();
client.close();
server.close();
server.closeAllConnections();
console.log('done');
