import { randomInt } from 'node:crypto';
import type { Redis } from 'ioredis';
import { type Say, tellIfStarted } from './tell.js';

/** How long a code is valid, in seconds, and how often a user may try. */
const VALID = 300;
const ATTEMPTS = 3;

type Outcome = 'right' | 'wrong' | 'no code';

/**
 * Checks a login with a one-time code: a key that lives five minutes, in a session that lives half an hour.
 *
 *     npx tsx examples/one-time-code.ts
 */
export async function oneTimeCode(redis: Redis, say: Say) {
  const session = String(await redis.call('SESSION.NEW', 'user:ada', 1800, 'EXTEND', 'BOTH', 'DATA', 'cart', 'pizza'));
  const first = await sendCode(redis, session);
  const [expires] = (await redis.call('SESSION.KEYTTL', session, 'code')) as number[];
  say(
    `Ada gets a code by mail. It expires in ${expires} s, her session in ${await redis.call('SESSION.TTL', session)} s.`,
  );

  const wrong = await tryCode(redis, session, 'a guess');
  const right = await tryCode(redis, session, first);
  say(`Her first attempt is ${wrong}, her second ${right}.`);

  // A code is for one login.
  const again = await tryCode(redis, session, first);
  say(`The same code once more: ${again}.`);

  const second = await sendCode(redis, session);
  const guesses: Outcome[] = [];
  for (let i = 0; i < ATTEMPTS; i++) guesses.push(await tryCode(redis, session, 'a guess'));
  const late = await tryCode(redis, session, second);
  say(`Somebody guesses ${guesses.length} times. Then even the right code is of no use: ${late}.`);

  const cart = await redis.call('SESSION.GET', session, 'cart');
  say(`The session has lost nothing else: the cart has ${cart}.`);
  await redis.call('SESSION.END', session);
  return { expires, wrong, right, again, guesses, late, cart };
}

/** Makes a code for the session, which replaces any other. Returns it. */
async function sendCode(redis: Redis, session: string): Promise<string> {
  const code = String(randomInt(1_000_000)).padStart(6, '0');
  // Both keys expire together, and no read or write makes them last longer.
  await redis.call('SESSION.SETEX', session, VALID, 'code', code, 'attempts', ATTEMPTS);
  return code;
}

/** Uses up an attempt, and the code if it is the right one. */
async function tryCode(redis: Redis, session: string, given: string): Promise<Outcome> {
  // INCRBY keeps the duration of `attempts`. Without it, this would begin a new count that never ends.
  const [[, left], [, code]] = (await redis
    .multi()
    .call('SESSION.INCRBY', session, 'attempts', -1)
    .call('SESSION.GET', session, 'code')
    .exec()) as [null, unknown][];
  if (code === null || Number(left) < 0) {
    await redis.call('SESSION.DEL', session, 'code', 'attempts');
    return 'no code';
  }
  if (code !== given) return 'wrong';
  // Only one of two requests with the right code removes it.
  const removed = await redis.call('SESSION.DEL', session, 'code', 'attempts');
  return Number(removed) > 0 ? 'right' : 'no code';
}

await tellIfStarted(import.meta.url, oneTimeCode);
