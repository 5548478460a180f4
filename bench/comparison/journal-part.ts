import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { LoadGenerator } from '../load/generator.js';
import { TYPICAL } from '../sessions/shape.js';
import { byServer } from './by-server.js';
import type { Contender, JournalSetting, RunningServer } from './contender.js';
import { fillSessions } from './fill-sessions.js';
import type { JournalFindings, RestartRound } from './findings.js';
import type { Job, Part } from './job.js';
import { measureActs } from './measure-acts.js';
import type { Plan } from './plan.js';

/** How a server stores its journal. */
export const POLICIES = ['none', 'everysec', 'always'] as const;
/** Requests in flight on each connection. */
export const JOURNAL_DEPTHS = [16, 64] as const;
/** Sessions created per second, approximately. */
const FILLED_PER_SECOND = 80_000;
/** How often to check whether the server has rewritten its journal, in ms. */
const LOOK = 50;

const WRITES = { ...TYPICAL, extend: 'SET' } as const;

/**
 * Measures what the journal costs, how long a restart takes until the sessions are back, and how long compaction delays
 * clients.
 */
export function journalPart(
  generator: LoadGenerator,
  contenders: readonly Contender[],
  { journal: plan }: Plan,
): Part<JournalFindings> {
  // A server that is already running cannot be restarted with a journal.
  const own = contenders.filter(({ keepsJournal }) => keepsJournal);
  const findings: JournalFindings = {
    writes: JOURNAL_DEPTHS.flatMap((depth) =>
      POLICIES.map((policy) => ({ policy, depth, servers: byServer<number>(own) })),
    ),
    restarts: byServer<RestartRound>(own),
  };

  const writes = (contender: Contender, policy: (typeof POLICIES)[number], round: number): Job => ({
    title: `writes, journal ${policy}, round ${round} of ${plan.rounds}, ${contender.name}`,
    seconds: JOURNAL_DEPTHS.length * plan.seconds + 2,
    run: () =>
      inDirectory(async (directory) => {
        const journal = policy === 'none' ? undefined : { policy, directory };
        const server = await contender.start({ journal });
        await fillSessions(generator, server, WRITES, { first: 0, count: plan.written });
        const work = { verb: 'write', shape: WRITES, first: 0, count: plan.written, sample: plan.written } as const;
        await measureActs(generator, server, work, { depth: 16, seconds: plan.seconds / 2 });
        for (const depth of JOURNAL_DEPTHS) {
          const { cpu } = await measureActs(generator, server, work, { depth, seconds: plan.seconds });
          const found = findings.writes.find((row) => row.policy === policy && row.depth === depth);
          if (cpu !== null) found?.servers[contender.name].push(cpu);
        }
        await server.stop();
      }),
  });

  const restart = (contender: Contender, round: number): Job => ({
    title: `restart, round ${round} of ${plan.rounds}, ${contender.name}`,
    seconds: plan.sessions / FILLED_PER_SECOND + 8,
    run: () =>
      inDirectory(async (directory) => {
        const journal: JournalSetting = { policy: 'everysec', directory };
        const first = await contender.start({ journal, watched: contender.dialect === 'respite' });
        await fillSessions(generator, first, TYPICAL, { first: 0, count: plan.sessions });
        const endWatch = first.watch?.();
        const compaction = await rewriteJournal(first);
        const runtime = (await endWatch?.()) ?? null;
        await first.stop();
        const start = performance.now();
        const second = await contender.start({ journal });
        const seconds = (performance.now() - start) / 1000;
        const sessions = await second.control.count();
        if (sessions !== plan.sessions) throw new Error(`${contender.name} has ${sessions} sessions after its restart`);
        await second.stop();
        findings.restarts[contender.name].push({ seconds, compaction, runtime });
      }),
  });

  const rounds = Array.from({ length: plan.rounds }, (_, index) => index + 1);
  return {
    jobs: rounds.flatMap((round) => [
      ...POLICIES.flatMap((policy) => own.map((contender) => writes(contender, policy, round))),
      ...own.map((contender) => restart(contender, round)),
    ]),
    findings: () => findings,
  };
}

/** Makes the server rewrite its journal. Returns how long that took, in s. */
async function rewriteJournal({ control }: RunningServer): Promise<number> {
  // A rewrite that the server started by itself must end first.
  while (await control.rewritesJournal()) await setTimeout(LOOK);
  const start = performance.now();
  await control.rewriteJournal();
  while (await control.rewritesJournal()) await setTimeout(LOOK);
  return (performance.now() - start) / 1000;
}

async function inDirectory(action: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'respite-bench-'));
  try {
    await action(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
