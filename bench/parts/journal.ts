import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Comparison, compare } from '../comparison.js';
import type { Contender } from '../contender.js';
import { undisturbed, watchOthers } from '../others.js';
import { Server } from '../server.js';
import { TYPICAL } from '../sessions.js';
import { measureRows, WRITE } from './operations.js';

/** Requests in flight on each connection. */
export const JOURNAL_DEPTHS = [16, 64];
/** Writes with a journal that is made durable every second. */
export const EVERYSEC = 'write, sliding, everysec';

/** Measures what writes cost with a journal that is durable every second, and how long a restart from it takes. */
export async function measureJournal(run: Comparison): Promise<void> {
  await withJournals(run.contenders, (contenders) =>
    measureRows({ ...run, contenders }, 'journal', [{ ...WRITE, what: EVERYSEC }], JOURNAL_DEPTHS),
  );
  await withJournals(run.contenders, (contenders) => measureRestarts({ ...run, contenders }));
}

async function measureRestarts(run: Comparison): Promise<void> {
  const { plan, contenders, generator } = run;
  const at = `${plan.many.toLocaleString('en')} sessions`;
  await compare(run, { part: 'journal', what: 'compaction', at }, 1, contenders, async (contender) => {
    const server = await Server.start(contender);
    await generator.fill(server, { operation: 'create', shape: TYPICAL, count: plan.many });
    const begin = performance.now();
    await server.compact();
    const seconds = (performance.now() - begin) / 1000;
    await server.stop();
    // Redis and Valkey compact in a child process, which cannot be distinguished from other processes.
    return { seconds, others: 0 };
  });
  await compare(run, { part: 'journal', what: 'restart', at }, plan.restarts, contenders, (contender) =>
    undisturbed(async () => {
      const watched = watchOthers();
      const begin = performance.now();
      const server = await Server.start(contender);
      const seconds = (performance.now() - begin) / 1000;
      const others = watched(server.pid);
      const sessions = await server.count();
      if (sessions !== plan.many) throw new Error(`${contender.name} has ${sessions} sessions after its restart`);
      await server.stop();
      return { seconds, others };
    }),
  );
}

/** Gives each contender a journal, in a directory that is removed afterwards. */
async function withJournals(
  contenders: readonly Contender[],
  action: (contenders: readonly Contender[]) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'respite-bench-'));
  try {
    await action(
      contenders.map((contender, index) => {
        const journal = join(directory, String(index));
        mkdirSync(journal);
        return { ...contender, journal };
      }),
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
