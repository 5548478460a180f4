import type { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { Program } from '../tools/program.js';

const SESSIONS = 10_000;
const WITHIN_MS = 1000;
/** Set at a time: few, so that no request waits long behind others before its duration starts. */
const BATCH = 10;
/** From when the first deadline is set to when it comes, at first: more where setting them all takes longer. */
const LEAD_MS = 2500;
const TOLERANCE_MS = 20;
/**
 * The machine may be busy: then the server gets to neither its timers nor its clients for a while. So what counts is that it has answered
 * so many requests since: between two of them it has been round its event loop, and any timer has had its turn.
 */
const ANSWERS = 5;

/**
 * Seen from outside, on the real clock, every session is gone on time: 20 ms after its deadline, and 5 answers of the server after that if it
 * has not got to them before. How late that is in ms depends on the machine: `npm run bench:expiry` measures it.
 *
 * DBSIZE is asked again and again, so the k-th session to go was seen to be gone at the first answer that says so; it is held against
 * the k-th deadline. A duration is counted from when PEXPIRE was sent, before the server has it, so lateness is measured too large
 * rather than too small.
 */
it('10,000 sessions due within a second are gone on time, under load', async () => {
  const program = await Program.start();
  const [watcher, other] = [program.client(), program.client()];
  const { tokens, deadlines } = await sessionsDueSoon(watcher);
  const answers = await watch(watcher, other, tokens);
  const late = deadlines.filter((deadline, k) => {
    // A request that was sent when it should have been gone, and enough others since.
    const inTime = answers.findIndex(({ sent }) => sent >= deadline + TOLERANCE_MS);
    const judge = inTime < 0 ? undefined : answers[inTime + ANSWERS];
    // All had gone before.
    return judge !== undefined && SESSIONS - judge.left <= k;
  });
  expect(late).toEqual([]);
  // None goes before its time. The clocks of two processes may differ by what a reading takes.
  deadlines.forEach((deadline, k) => {
    const gone = answers.find(({ left }) => SESSIONS - left > k);
    expect(gone?.heard).toBeGreaterThan(deadline - 1);
  });
  expect(await watcher.call('SESSION.STATS')).toEqual(expect.arrayContaining(['pending', 0]));
  await program.stop();
});

/** Sessions whose deadlines are spread over a second, which has not begun; the deadlines in order. */
async function sessionsDueSoon(redis: Redis): Promise<{ tokens: string[]; deadlines: number[] }> {
  for (let lead = LEAD_MS; ; lead *= 2) {
    const tokens = await create(redis);
    const begin = performance.now() + lead;
    const deadlines: number[] = [];
    for (let first = 0; first < SESSIONS; first += BATCH) {
      const replies = tokens.slice(first, first + BATCH).map((token, i) => {
        const sent = performance.now();
        const duration = Math.round(begin + ((first + i) * WITHIN_MS) / SESSIONS - sent);
        deadlines.push(sent + duration);
        return duration > 0 && redis.call('SESSION.PEXPIRE', [token, duration]);
      });
      await Promise.all(replies);
    }
    if (performance.now() < begin) return { tokens, deadlines: deadlines.sort((a, b) => a - b) };
    await redis.call('SESSION.ENDALL');
  }
}

async function create(redis: Redis): Promise<string[]> {
  const replies = Array.from({ length: SESSIONS }, (_, i) =>
    redis.call('SESSION.NEW', [`user:${i}`, 3600, 'DATA', 'key', 'value']),
  );
  return (await Promise.all(replies)) as string[];
}

interface Answer {
  readonly sent: number;
  readonly heard: number;
  /** Sessions that the server had. */
  readonly left: number;
}

/** How many sessions there are from now on until all have gone, while another client keeps sending commands. */
async function watch(watcher: Redis, other: Redis, tokens: string[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let left = SESSIONS; left > 0; ) {
    const sent = performance.now();
    const token = tokens[answers.length % SESSIONS];
    [left] = await Promise.all([watcher.dbsize(), other.call('SESSION.EXISTS', [token])]);
    answers.push({ sent, heard: performance.now(), left });
  }
  return answers;
}
