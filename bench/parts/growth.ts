import { type Comparison, compare, withServers } from '../comparison.js';
import { measureLoop } from '../measure.js';
import type { OperationName } from '../operations.js';
import { GROWING, type Shape, TYPICAL } from '../sessions.js';

const DEPTH = 16;
/**
 * If there are more sessions or keys than this, this many random ones are used: more than a processor's caches hold.
 */
const SAMPLE = 200_000;

/** What grows, and which operations are measured at each size. */
interface Growing {
  readonly unit: string;
  readonly shape: Shape;
  readonly addedBy: OperationName;
  readonly rows: readonly (readonly [what: string, operation: OperationName])[];
}

const SESSIONS: Growing = {
  unit: 'sessions',
  shape: TYPICAL,
  addedBy: 'create',
  rows: [['read, by sessions', 'read']],
};

const KEYS: Growing = {
  unit: 'keys',
  shape: GROWING,
  addedBy: 'addKey',
  rows: [
    ['read, by keys', 'read'],
    ['write, by keys', 'write'],
  ],
};

/** Measures what an operation costs with more and more sessions, and in one session with more and more keys. */
export async function measureGrowth(run: Comparison): Promise<void> {
  const { plan, main, generator, progress } = run;
  await withServers(main, async (servers) => {
    const measureAll = async ({ unit, shape, addedBy, rows }: Growing, sizes: readonly number[], from: number) => {
      let filled = from;
      for (const size of sizes) {
        for (const { name } of main) {
          progress(`fill to ${size} ${unit}, ${name}`);
          await generator.fill(servers[name], { operation: addedBy, shape, first: filled, count: size - filled });
        }
        filled = size;
        for (const [what, operation] of rows) {
          const work = { operation, shape, count: size, sample: SAMPLE };
          const loop = { depth: DEPTH, seconds: plan.seconds };
          const measureOn = (name: string) => measureLoop(generator, servers[name], work, loop);
          // V8 compiles the code in the first run.
          if (size === sizes[0]) for (const { name } of main) await measureOn(name);
          const place = { part: 'growth', what, at: size.toLocaleString('en') };
          await compare(run, place, plan.growth.rounds, main, async ({ name }) => {
            const { cpu, others } = await measureOn(name);
            return { cpu, others };
          });
        }
      }
    };

    await measureAll(SESSIONS, plan.growth.sessions, 0);
    for (const { name } of main) {
      await servers[name].removeAll();
      await generator.fill(servers[name], { operation: 'create', shape: GROWING, count: 1 });
    }
    await measureAll(KEYS, plan.growth.keys, 1);
  });
}
