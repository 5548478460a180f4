// better-auth with respite's own storage: sessions that stay revoked, and the devices of a user.
import { equal } from 'node:assert/strict';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { Redis } from 'ioredis';
import { respiteStorage } from '../../../dist/better-auth/index.js';
import { askOf } from './ask-better-auth.mjs';

const client = new Redis(Number(process.argv[2]));
const storage = respiteStorage({ client });

/** Is called before each write, which waits for the promise. */
let beforeWrite = async () => {};
const patient = {
  ...storage,
  async set(key, value, ttl) {
    await beforeWrite(key);
    return storage.set(key, value, ttl);
  },
};
const auth = betterAuth({
  baseURL: 'http://localhost:3000',
  secret: 'for this test only, and long enough for it',
  database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
  secondaryStorage: patient,
  emailAndPassword: { enabled: true },
  // Every request refreshes the session.
  session: { updateAge: 0 },
  rateLimit: { enabled: true, storage: 'secondary-storage', window: 600, max: 100 },
  advanced: { ipAddress: { ipAddressHeaders: ['x-forwarded-for'] } },
  telemetry: { enabled: false },
});

const ask = askOf(auth);
const account = { email: 'anne@example.com', password: 'correct horse battery', name: 'Anne' };
const { cookie, json } = await ask('/sign-up/email', { body: account });
const userId = json.user.id;
// Logins in parallel lose no entry of the list.
const others = await Promise.all([1, 2, 3].map(() => ask('/sign-in/email', { body: account })));
equal((await ask('/list-sessions', { cookie })).json.length, 4);
const devices = await storage.listDevices(userId);
equal(devices.length, 4);
equal(devices[0].userAgent, 'Firefox');

// A request refreshes a session while it is revoked. The session stays revoked.
const { token } = others[0].json;
let wasRevoked = false;
beforeWrite = async (key) => {
  if (key !== token || wasRevoked) return;
  wasRevoked = true;
  await storage.delete(token);
};
await ask('/get-session', { cookie: others[0].cookie });
equal(wasRevoked, true);
equal((await ask('/get-session', { cookie: others[0].cookie })).json, null);
equal((await ask('/list-sessions', { cookie })).json.length, 3);

// The user ends a device, and then all others.
const own = await storage.deviceId(json.token);
const [device] = (await storage.listDevices(userId)).filter(({ id }) => id !== own);
equal(await storage.endDevices(userId, [device.id]), 1);
equal((await ask('/list-sessions', { cookie })).json.length, 2);
await ask('/revoke-other-sessions', { cookie, body: {} });
equal((await ask('/list-sessions', { cookie })).json.length, 1);

// Whatever ends the sessions of the name logs the user out.
equal(await client.call('SESSION.ENDNAME', `better-auth:user:${userId}`), 1);
equal((await ask('/get-session', { cookie })).json, null);
client.disconnect();
console.log('done');
