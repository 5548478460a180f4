import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { Program } from './program.js';

const SESSIONS = 10_000;
const WITHIN_MS = 1000;
/** Set at a time: few, so that no request waits long behind others before its duration starts. */
const BATCH = 10;
/** From when the first deadline is set to when it comes: setting them all takes less. */
const LEAD_MS = 2500;
/** Of two processor-seconds, so much may be taken by other machines of the same host before a round is void. */
const STOLEN_MS = 40;
const ROUNDS = 10;

/**
 * The one test on the real clock: seen from outside, every session is gone on time.
 *
 * DBSIZE is asked again and again, so the k-th session to go was seen to be gone at the first answer
 * that says so; it is held against the k-th deadline. A duration is counted from when PEXPIRE was sent,
 * before the server has it, so lateness is measured too large rather than too small.
 *
 * On a virtual machine the host may take the processors away for tens of ms; Linux counts that as
 * "steal". A round in which it happened says nothing about the server, and another one is measured.
 */
it('10,000 sessions due within a second are gone within 20 ms of their deadlines at p99, under load', {
  timeout: 80_000,
}, async (test) => {
  const program = await Program.start();
  test.onTestFinished(() => program.stop());
  const [watcher, other] = [program.client(), program.client()];
  for (let round = 0; round < ROUNDS; round++) {
    const tokens = await create(watcher);
    const deadlines = await setDeadlines(watcher, tokens);
    // Only the second that counts is held against the host.
    while ((await watcher.dbsize()) === SESSIONS);
    const stolenBefore = stolenMs();
    const seen = await watch(watcher, other, tokens);
    const stolen = stolenMs() - stolenBefore;
    if (stolen > STOLEN_MS) continue;

    const lateness = seen.map((instant, k) => instant - deadlines[k]).sort((a, b) => a - b);
    expect(lateness[Math.floor(SESSIONS * 0.99)]).toBeLessThan(20);
    expect(await watcher.call('SESSION.STATS')).toEqual(expect.arrayContaining(['pending', 0]));
    return;
  }
  console.warn(`NOTICE: the host took the processors away in each of ${ROUNDS} rounds: lateness was not measured`);
  test.skip();
});

async function create(redis: Redis): Promise<string[]> {
  const replies = Array.from({ length: SESSIONS }, (_, i) =>
    redis.call('SESSION.NEW', [`user:${i}`, 3600, 'DATA', 'key', 'value']),
  );
  return (await Promise.all(replies)) as string[];
}

/** Spreads the deadlines over a second that begins when all of them are set, and returns them in order. */
async function setDeadlines(redis: Redis, tokens: string[]): Promise<number[]> {
  const begin = performance.now() + LEAD_MS;
  const deadlines: number[] = [];
  for (let first = 0; first < SESSIONS; first += BATCH) {
    const replies = tokens.slice(first, first + BATCH).map((token, i) => {
      const sent = performance.now();
      const duration = Math.round(begin + ((first + i) * WITHIN_MS) / SESSIONS - sent);
      deadlines.push(sent + duration);
      return redis.call('SESSION.PEXPIRE', [token, duration]);
    });
    await Promise.all(replies);
  }
  expect(performance.now()).toBeLessThan(begin);
  return deadlines.sort((a, b) => a - b);
}

/** When each session was seen to be gone, while another client keeps sending commands. */
async function watch(watcher: Redis, other: Redis, tokens: string[]): Promise<number[]> {
  const seen: number[] = [];
  let served = 0;
  for (let left = SESSIONS; left > 0; served++) {
    const [count] = await Promise.all([watcher.dbsize(), other.call('SESSION.EXISTS', [tokens[served % SESSIONS]])]);
    const now = performance.now();
    while (seen.length < SESSIONS - count) seen.push(now);
    left = count;
  }
  expect(served).toBeGreaterThan(500);
  return seen;
}

const msPerTick = process.platform === 'linux' ? 1000 / Number(execFileSync('getconf', ['CLK_TCK'])) : 0;

/** Processor time in ms that the host has given to others while this machine wanted it; 0 where nobody counts it. */
function stolenMs(): number {
  if (msPerTick === 0) return 0;
  // cpu user nice system idle iowait irq softirq steal …
  return Number(readFileSync('/proc/stat', 'latin1').split('\n', 1)[0].split(/ +/)[8]) * msPerTick;
}
