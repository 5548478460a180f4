import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';

/**
 * Asks repeatedly until the answer is yes.
 * @throws Error if it is not yes within `boundMs` ms.
 */
export async function waitUntil(ask: () => Promise<boolean>, boundMs = 5000): Promise<void> {
  const giveUp = performance.now() + boundMs;
  while (!(await ask())) {
    if (performance.now() > giveUp) throw new Error(`the condition was not met within ${boundMs} ms`);
    await sleep(10);
  }
}

/** Waits until some of a session's time has passed. Returns the milliseconds that are left. */
export async function letTimePass(redis: Redis, token: string): Promise<number> {
  // PTTL does not extend a session, so it can be used to watch the time run down.
  const pttl = async () => Number(await redis.call('SESSION.PTTL', token));
  let left = await pttl();
  const enough = left - 200;
  await waitUntil(async () => {
    left = await pttl();
    return left <= enough;
  });
  return left;
}
