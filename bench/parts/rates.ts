import { fill, measure, measureLoop } from '../measure.js';
import { undisturbed } from '../others.js';
import { type Bench, turns } from '../plan.js';
import { startAll, stopAll } from '../server.js';
import { TYPICAL } from '../sessions.js';
import { CYCLED } from './operations.js';

const CONNECTIONS = 200;
/** Operations per second. All servers can sustain more, so they have time to sleep. */
export const RATES = [10_000, 30_000] as const;

const ROWS = [
  { what: 'read, sliding', operation: 'read', shape: TYPICAL },
  { what: 'write, sliding', operation: 'write', shape: { ...TYPICAL, extend: 'SET' } },
] as const;

/** Measures what operations cost a server that is not busy: they come one at a time, at a fixed rate. */
export async function measureRates({ plan, contenders, generator, figures, progress }: Bench): Promise<void> {
  const servers = await startAll(contenders);
  for (const { what, operation, shape } of ROWS) {
    const work = { operation, shape, count: CYCLED, sample: CYCLED };
    for (const { name } of contenders) {
      progress(`${what}, warm up ${name}`);
      await servers[name].removeAll();
      await fill(generator, servers[name], { operation: 'create', shape, count: CYCLED });
      // Many at a time: V8 compiles what runs often.
      await measureLoop(generator, servers[name], work, { depth: 64, seconds: plan.warmUp });
    }
    for (const perSecond of RATES) {
      for (const [round, { name }] of turns(plan.rounds, contenders)) {
        const at = `${perSecond.toLocaleString('en')} a second`;
        progress(`${what}, ${at}, ${round}, ${name}`);
        const streams = [{ work, connections: CONNECTIONS, perSecond }];
        const loop = { warmUp: 0.2, seconds: plan.rateSeconds };
        const { cpu, latency, sendDelay, others } = await undisturbed(() =>
          measure<'open'>(generator, servers[name], { kind: 'open', streams, loop }),
        );
        const found = { cpu, p99: latency.p99, sentLate: sendDelay.p99 };
        figures.add({ part: 'rates', what, at }, name, found, others);
      }
    }
  }
  await stopAll(servers);
}
