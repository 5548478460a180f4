import { type Comparison, compare, withServers } from '../comparison.js';
import { measure, measureLoop } from '../measure.js';
import { undisturbed } from '../others.js';
import { SLIDING_WRITE, TYPICAL } from '../sessions.js';
import { CYCLED } from './operations.js';

const CONNECTIONS = 200;
/** Operations per second. All servers can sustain more, so they have time to sleep. */
const RATES = [10_000, 30_000];

const ROWS = [
  { what: 'read, sliding', operation: 'read', shape: TYPICAL },
  { what: 'write, sliding', operation: 'write', shape: SLIDING_WRITE },
] as const;

/** Measures what operations cost a server that is not busy: they come one at a time, at a fixed rate. */
export async function measureRates(run: Comparison): Promise<void> {
  const { plan, contenders, generator, progress } = run;
  await withServers(contenders, async (servers) => {
    for (const { what, operation, shape } of ROWS) {
      const work = { operation, shape, count: CYCLED, sample: CYCLED };
      for (const { name } of contenders) {
        progress(`${what}, warm up ${name}`);
        await servers[name].removeAll();
        await generator.fill(servers[name], { operation: 'create', shape, count: CYCLED });
        // Many at a time: V8 compiles what runs often.
        await measureLoop(generator, servers[name], work, { depth: 64, seconds: plan.warmUp });
      }
      for (const perSecond of RATES) {
        const place = { part: 'rates', what, at: `${perSecond.toLocaleString('en')} a second` };
        const streams = [{ work, connections: CONNECTIONS, perSecond }];
        const load = { kind: 'open', streams, warmUp: 0.2, seconds: plan.rateSeconds } as const;
        await compare(run, place, plan.rounds, contenders, async ({ name }) => {
          const found = await undisturbed(() => measure(generator, servers[name], load));
          const { cpu, latency, sendDelay, others } = found;
          return { cpu, p99: latency.p99, sentLate: sendDelay.p99, others };
        });
      }
    }
  });
}
