import type { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { Program } from '../tools/program.js';

const SESSIONS = 10_000;
const WITHIN_MS = 1000;
/** Durations set at a time. There are few, so that no request waits long behind others before its duration starts. */
const BATCH = 10;
/** Time from setting the first duration to the first deadline. It is doubled if setting all of them takes longer. */
const LEAD_MS = 2500;
const TOLERANCE_MS = 20;
/**
 * On a busy machine the server may get to neither its timers nor its clients for a while. So a session is late only if
 * the server has answered this many requests since: between two of them, its event loop has gone round and every timer
 * has had its turn.
 */
const ANSWERS = 5;
/**
 * When the server was held up, it ends what is due in slices of a millisecond, and answers in between. A slice ends at
 * least this many sessions, even if the machine takes most of the millisecond away.
 */
const ENDED_PER_ANSWER = 20;

/**
 * Checks from outside, on the real clock, that every session is gone on time: 20 ms after its deadline or, on a busy
 * machine, after 5 more answers, and one more for each 20 sessions that were due. How late that is in ms depends on the
 * machine; `npm run bench` measures it.
 *
 * The test sends DBSIZE repeatedly. The first answer that shows the kth session to be gone is compared with the kth
 * deadline. A duration is counted from when PEXPIRE was sent, before the server has it, so the measured lateness is too
 * large rather than too small.
 */
it('10,000 sessions due within a second are gone on time, under load', async () => {
  const program = await Program.start();
  const [watcher, other] = [program.client(), program.client()];
  const { tokens, deadlines } = await sessionsDueSoon(watcher);
  const answers = await watch(watcher, other, tokens);
  const late = deadlines.filter((deadline, k) => {
    // The first request sent when the session should have been gone, and the answers since.
    const inTime = answers.findIndex(({ sent }) => sent >= deadline + TOLERANCE_MS);
    if (inTime < 0) return false;
    const { sent, left } = answers[inTime];
    const due = deadlines.filter((each) => each <= sent).length - (SESSIONS - left);
    const judge = answers[inTime + ANSWERS + Math.ceil(Math.max(0, due) / ENDED_PER_ANSWER)];
    // Undefined if all sessions had gone before.
    return judge !== undefined && SESSIONS - judge.left <= k;
  });
  expect(late).toEqual([]);
  // No session goes too early. The clocks of two processes may differ by the time that a reading takes.
  deadlines.forEach((deadline, k) => {
    const gone = answers.find(({ left }) => SESSIONS - left > k);
    expect(gone?.heard).toBeGreaterThan(deadline - 1);
  });
  expect(await watcher.call('SESSION.STATS')).toEqual(expect.arrayContaining(['pending', 0]));
  await program.stop();
});

/** Creates sessions whose deadlines are spread over a second that has not begun yet. Returns the deadlines in order. */
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
  /** How many sessions the server had. */
  readonly left: number;
}

/** Asks for the number of sessions until all have gone, while another client keeps sending commands. */
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
