import { type Comparison, compare, withServers } from '../comparison.js';
import { measure } from '../measure.js';
import { undisturbed } from '../others.js';
import { CYCLED, READ, WRITE, warmUp } from './operations.js';

const CONNECTIONS = 200;
/** Operations per second. All servers can sustain more, so they have time to sleep. */
const RATES = [10_000, 30_000];
/** The depth of the warm-up. V8 compiles what runs often. */
const WARM = 64;

/** Measures what operations cost a server that is not busy: they come one at a time, at a fixed rate. */
export async function measureRates(run: Comparison): Promise<void> {
  const { plan, contenders, generator } = run;
  await withServers(contenders, async (servers) => {
    for (const row of [READ, WRITE]) {
      const { what, operation, shape } = row;
      await warmUp(run, servers, row, WARM);
      for (const perSecond of RATES) {
        const place = { part: 'rates', what, at: `${perSecond.toLocaleString('en')} a second` };
        const work = { operation, shape, count: CYCLED, sample: CYCLED };
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
