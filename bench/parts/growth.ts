import { fill, measureLoop } from '../measure.js';
import type { OperationName } from '../operations.js';
import { type Bench, turns } from '../plan.js';
import { startAll, stopAll } from '../server.js';
import { GROWING, type Shape, TYPICAL } from '../sessions.js';

const DEPTH = 16;
/**
 * If there are more sessions or keys than this, this many random ones are used: more than a processor's caches hold.
 */
const SAMPLE = 200_000;

export const SESSIONS = 'read, by sessions';
export const KEYS = ['read, by keys', 'write, by keys'] as const;

/** Measures what an operation costs with more and more sessions, and in one session with more and more keys. */
export async function measureGrowth({ plan, main, generator, figures, progress }: Bench): Promise<void> {
  const { rounds, sessions, keys } = plan.growth;
  const servers = await startAll(main);

  const measureAt = async (what: string, operation: OperationName, shape: Shape, size: number, isFirst: boolean) => {
    const at = size.toLocaleString('en');
    const work = { operation, shape, count: size, sample: SAMPLE };
    const run = (name: string) => measureLoop(generator, servers[name], work, { depth: DEPTH, seconds: plan.seconds });
    // V8 compiles the code in the first run.
    if (isFirst) for (const { name } of main) await run(name);
    for (const [round, { name }] of turns(rounds, main)) {
      progress(`${what}, ${at}, ${round}, ${name}`);
      const { cpu, others } = await run(name);
      figures.add({ part: 'growth', what, at }, name, { cpu }, others);
    }
  };

  for (const [index, size] of sessions.entries()) {
    const before = sessions[index - 1] ?? 0;
    for (const { name } of main) {
      progress(`fill to ${size} sessions, ${name}`);
      const work = { operation: 'create', shape: TYPICAL, first: before, count: size - before } as const;
      await fill(generator, servers[name], work);
    }
    await measureAt(SESSIONS, 'read', TYPICAL, size, index === 0);
  }
  for (const { name } of main) {
    await servers[name].removeAll();
    await fill(generator, servers[name], { operation: 'create', shape: GROWING, count: 1 });
  }
  for (const [index, size] of keys.entries()) {
    const before = keys[index - 1] ?? 1;
    for (const { name } of main) {
      progress(`fill to ${size} keys, ${name}`);
      await fill(generator, servers[name], {
        operation: 'addKey',
        shape: GROWING,
        first: before,
        count: size - before,
      });
    }
    await measureAt(KEYS[0], 'readKey', GROWING, size, index === 0);
    await measureAt(KEYS[1], 'writeKey', GROWING, size, index === 0);
  }
  await stopAll(servers);
}
