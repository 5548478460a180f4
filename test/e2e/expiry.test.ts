import { expect, it } from 'vitest';
import { Program } from './program.js';

const SESSIONS = 10_000;
const WITHIN_MS = 1000;
/** Set at a time: small, so that no request waits long behind others before its duration starts. */
const BATCH = 50;

/**
 * The one test on the real clock: seen from outside, every session is gone on time.
 *
 * DBSIZE is asked again and again, so the k-th session to go was seen to be gone at the first answer
 * that says so; it is held against the k-th deadline. A duration is counted from when PEXPIRE was sent,
 * before the server has it, so lateness is measured too large rather than too small.
 */
it('10,000 sessions due within a second are gone within 20 ms of their deadlines at p99, under load', async () => {
  const program = await Program.start();
  const [setter, watcher, other] = [program.client(), program.client(), program.client()];
  const tokens = (await Promise.all(
    Array.from({ length: SESSIONS }, (_, i) => setter.call('SESSION.NEW', [`user:${i}`, 3600, 'DATA', 'key', 'value'])),
  )) as string[];

  // The deadlines are spread over the second that begins when all of them are set.
  const begin = performance.now() + 3000;
  const deadlines: number[] = [];
  for (let first = 0; first < SESSIONS; first += BATCH) {
    const replies = tokens.slice(first, first + BATCH).map((token, i) => {
      const sent = performance.now();
      const duration = Math.round(begin + ((first + i) * WITHIN_MS) / SESSIONS - sent);
      deadlines.push(sent + duration);
      return setter.call('SESSION.PEXPIRE', [token, duration]);
    });
    await Promise.all(replies);
  }
  expect(performance.now()).toBeLessThan(begin);
  deadlines.sort((a, b) => a - b);

  let watching = true;
  const load = (async () => {
    let served = 0;
    while (watching) {
      await other.call('SESSION.EXISTS', [tokens[served % SESSIONS]]);
      served++;
    }
    return served;
  })();

  const seen: number[] = [];
  for (let left = SESSIONS; left > 0; ) {
    left = await watcher.dbsize();
    const now = performance.now();
    while (seen.length < SESSIONS - left) seen.push(now);
  }
  watching = false;
  expect(await load).toBeGreaterThan(1000);

  const lateness = seen.map((instant, k) => instant - deadlines[k]).sort((a, b) => a - b);
  const p99 = lateness[Math.floor(SESSIONS * 0.99)];
  expect(p99).toBeLessThan(20);
  expect(await watcher.call('SESSION.STATS')).toEqual(expect.arrayContaining(['expired', SESSIONS, 'pending', 0]));
  await program.stop();
});
