import { setTimeout } from 'node:timers/promises';
import type { LoadGenerator } from '../load/generator.js';
import { TYPICAL } from '../sessions/shape.js';
import { byServer } from './by-server.js';
import type { Contender, RunningServer } from './contender.js';
import { fillSessions } from './fill-sessions.js';
import type { ByServer, ExpiredRound } from './findings.js';
import type { Job, Part } from './job.js';
import type { Plan } from './plan.js';

/** How long a new server gets to settle, in ms. */
const SETTLE = 2_000;
/** The time from the end of the last session to the measurement of RSS, in ms. */
const AFTER = 5_000;
/** How often to check how many sessions are left, in ms. */
const LOOK = 100;
/** How long to wait for all sessions to expire, in ms. Redis takes long. */
const PATIENCE = 180_000;
/** Sessions created per second, approximately. */
const FILLED_PER_SECOND = 80_000;

/** Measures how much memory a server keeps when all sessions have expired. */
export function expiredPart(
  generator: LoadGenerator,
  contenders: readonly Contender[],
  { expired: plan }: Plan,
): Part<ByServer<ExpiredRound>> {
  const findings = byServer<ExpiredRound>(contenders);

  const measure = (contender: Contender, round: number): Job => ({
    title: `memory after expiry, round ${round} of ${plan.rounds}, ${contender.name}`,
    seconds: (SETTLE + AFTER) / 1000 + plan.ttl + plan.sessions / FILLED_PER_SECOND,
    async run() {
      const server = await contender.start();
      await setTimeout(SETTLE);
      const empty = server.residentBytes();
      await fillSessions(generator, server, { ...TYPICAL, ttl: plan.ttl }, { first: 0, count: plan.sessions });
      const full = server.residentBytes();
      const start = performance.now();
      await noneLeft(server);
      const seconds = (performance.now() - start) / 1000;
      await setTimeout(AFTER);
      const after = server.residentBytes();
      if (empty !== undefined && full !== undefined && after !== undefined) {
        findings[contender.name].push({ empty, full, after, seconds });
      }
      await server.stop();
    },
  });

  const rounds = Array.from({ length: plan.rounds }, (_, index) => index + 1);
  return {
    jobs: rounds.flatMap((round) => contenders.map((contender) => measure(contender, round))),
    findings: () => findings,
  };
}

/** @throws Error if some sessions are left after a very long time. */
async function noneLeft({ control, name }: RunningServer): Promise<void> {
  const end = performance.now() + PATIENCE;
  while ((await control.count()) > 0) {
    if (performance.now() > end) throw new Error(`${name} still has expired sessions`);
    await setTimeout(LOOK);
  }
}
