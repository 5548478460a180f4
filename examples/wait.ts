import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';

/** Asks again and again until the answer is yes, but not for ever. */
export async function waitUntil(ask: () => Promise<boolean>, boundMs = 5000): Promise<void> {
  const giveUp = performance.now() + boundMs;
  while (!(await ask())) {
    if (performance.now() > giveUp) throw new Error(`still not so after ${boundMs} ms`);
    await sleep(10);
  }
}

/** Waits until some of a session's time has gone by, and returns the milliseconds that are left of it. */
export async function letTimePass(redis: Redis, token: string): Promise<number> {
  // PTTL does not extend a session, so its time can be watched running down.
  const pttl = async () => Number(await redis.call('SESSION.PTTL', token));
  let left = await pttl();
  const enough = left - 200;
  await waitUntil(async () => {
    left = await pttl();
    return left <= enough;
  });
  return left;
}
