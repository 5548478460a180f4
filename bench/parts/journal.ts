import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fill, measureLoop } from '../measure.js';
import { undisturbed, watchOthers } from '../others.js';
import { type Bench, turns } from '../plan.js';
import { type Contender, startAll, stopAll } from '../server.js';
import { TYPICAL } from '../sessions.js';
import { CYCLED } from './operations.js';

const WRITES = { ...TYPICAL, extend: 'SET' } as const;
/** Requests in flight on each connection. */
export const JOURNAL_DEPTHS = [16, 64] as const;
/** Writes with a journal that is made durable every second. */
export const EVERYSEC = 'write, sliding, everysec';

/** Measures what writes cost with a journal that is durable every second, and how long a restart from it takes. */
export async function measureJournal(bench: Bench): Promise<void> {
  await withJournals(bench.contenders, (contenders) => measureWrites({ ...bench, contenders }));
  await withJournals(bench.contenders, (contenders) => measureRestarts({ ...bench, contenders }));
}

async function measureWrites({ plan, contenders, generator, figures, progress }: Bench): Promise<void> {
  const servers = await startAll(contenders);
  const work = { operation: 'write', shape: WRITES, count: CYCLED, sample: CYCLED } as const;
  for (const { name } of contenders) {
    progress(`write, warm up ${name}`);
    await fill(generator, servers[name], { operation: 'create', shape: WRITES, count: CYCLED });
    await measureLoop(generator, servers[name], work, { depth: 16, seconds: plan.warmUp });
  }
  for (const depth of JOURNAL_DEPTHS) {
    for (const [round, { name }] of turns(plan.rounds, contenders)) {
      progress(`write, depth ${depth}, ${round}, ${name}`);
      const { cpu, others } = await measureLoop(generator, servers[name], work, { depth, seconds: plan.seconds });
      figures.add({ part: 'journal', what: EVERYSEC, at: `depth ${depth}` }, name, { cpu }, others);
    }
  }
  await stopAll(servers);
}

async function measureRestarts({ plan, contenders, generator, figures, progress }: Bench): Promise<void> {
  const at = `${plan.many.toLocaleString('en')} sessions`;
  for (const { name, start } of contenders) {
    progress(`compaction, ${at}, ${name}`);
    const server = await start();
    await fill(generator, server, { operation: 'create', shape: TYPICAL, count: plan.many });
    const begin = performance.now();
    await server.compact();
    const seconds = (performance.now() - begin) / 1000;
    // Redis and Valkey compact in a child process, which cannot be told from other processes.
    figures.add({ part: 'journal', what: 'compaction', at }, name, { seconds }, 0);
    await server.stop();
  }
  for (const [round, { name, start }] of turns(plan.restarts, contenders)) {
    progress(`restart, ${at}, ${round}, ${name}`);
    const { seconds, others } = await undisturbed(async () => {
      const watched = watchOthers();
      const begin = performance.now();
      const server = await start();
      const seconds = (performance.now() - begin) / 1000;
      const others = watched(server.pid);
      const sessions = await server.count();
      if (sessions !== plan.many) throw new Error(`${name} has ${sessions} sessions after its restart`);
      await server.stop();
      return { seconds, others };
    });
    figures.add({ part: 'journal', what: 'restart', at }, name, { seconds }, others);
  }
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
        return { ...contender, start: () => contender.start({ journal }) };
      }),
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
