import { setTimeout } from 'node:timers/promises';
import { type Comparison, turns } from '../comparison.js';
import type { Dialect } from '../operations.js';
import { watchOthers } from '../others.js';
import { Server } from '../server.js';
import { INDEXED, type Shape, TYPICAL } from '../sessions.js';

export const ONE_NAME = 'one name for all';
export const A_NAME_EACH = 'a name for each';
const BARE = 'bare';
const WITH_INDEX = 'with index';

/** What to measure, and the rows for which that is the figure. */
interface Case {
  readonly shape: Shape;
  readonly rows: readonly (readonly [what: string, at: string])[];
}

// biome-ignore format: a table
const CASES: Readonly<Record<Dialect, readonly Case[]>> = {
  // It always has an index of names.
  respite: [
    { shape: { ...TYPICAL, perName: Infinity }, rows: [[ONE_NAME, BARE], [ONE_NAME, WITH_INDEX]] },
    { shape: TYPICAL, rows: [[A_NAME_EACH, BARE], [A_NAME_EACH, WITH_INDEX]] },
  ],
  // Without an index, sessions have no names.
  redis: [
    { shape: TYPICAL, rows: [[ONE_NAME, BARE], [A_NAME_EACH, BARE]] },
    { shape: { ...INDEXED, perName: Infinity }, rows: [[ONE_NAME, WITH_INDEX]] },
    { shape: INDEXED, rows: [[A_NAME_EACH, WITH_INDEX]] },
  ],
};

/** Measures the memory of sessions: how much the RSS of a new server grows when it is filled. */
export async function measureMemory({ plan, contenders, generator, figures, progress }: Comparison): Promise<void> {
  for (const [round, contender] of turns(plan.memoryRounds, contenders)) {
    const { name, dialect } = contender;
    for (const { shape, rows } of CASES[dialect]) {
      progress(`${rows[0].join(', ')}, ${round}, ${name}`);
      const server = await Server.start(contender);
      const others = watchOthers(server.pid, generator.pid);
      await setTimeout(plan.settle * 1000);
      const empty = server.residentBytes();
      await generator.fill(server, { operation: 'create', shape, count: plan.many });
      await setTimeout(plan.settle * 1000);
      const bytes = (server.residentBytes() - empty) / plan.many;
      const taken = others();
      await server.stop();
      for (const [what, at] of rows) figures.add({ part: 'memory', what, at }, name, { bytes }, taken);
    }
  }
}
