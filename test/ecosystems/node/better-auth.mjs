// better-auth in production: sessions, and the counters of its rate limit, in its secondary storage.
import { equal } from 'node:assert/strict';
import { redisStorage } from '@better-auth/redis-storage';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { Redis } from 'ioredis';
import { askOf } from './ask-better-auth.mjs';

const client = new Redis(Number(process.argv[2]), { db: 1 });
const auth = betterAuth({
  baseURL: 'http://localhost:3000',
  secret: 'for this test only, and long enough for it',
  database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
  secondaryStorage: redisStorage({ client }),
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: true, storage: 'secondary-storage', window: 600, max: 100 },
  advanced: { ipAddress: { ipAddressHeaders: ['x-forwarded-for'] } },
  telemetry: { enabled: false },
});

const ask = askOf(auth);
const account = { email: 'anne@example.com', password: 'correct horse battery', name: 'Anne' };
const { cookie } = await ask('/sign-up/email', { body: account });
const second = await ask('/sign-in/email', { body: account });
equal((await ask('/get-session', { cookie })).json.user.email, account.email);
equal((await ask('/list-sessions', { cookie })).json.length, 2);

await ask('/revoke-other-sessions', { cookie, body: {} });
equal((await ask('/get-session', { cookie: second.cookie })).json, null);
equal((await ask('/list-sessions', { cookie })).json.length, 1);
await ask('/sign-out', { cookie, body: {} });
equal((await ask('/get-session', { cookie })).json, null);
await client.flushdb();
client.disconnect();
console.log('done');
