import { fill, measure } from '../measure.js';
import { type Bench, turns } from '../plan.js';
import { TYPICAL } from '../sessions.js';

/** Operations per second: half of them create sessions, half read sessions and so extend them. */
const CREATED_PER_SECOND = 10_000;
const READ_PER_SECOND = 10_000;
/** The share of the sessions that is never read and so expires. As many expire per second as are created. */
const PASSING = 0.6;
const CONNECTIONS = 10;

/**
 * Measures latency when operations arrive at a fixed rate that all servers can sustain, while sessions are created,
 * extended and expire in balance. Sessions that are not read live exactly as long as it takes to create the same number
 * of new ones; all others are read before they are due. So the number of sessions stays the same.
 */
export async function measureTail({ plan, main, generator, figures, progress }: Bench): Promise<void> {
  const { rounds, live, warmUp, seconds } = plan.tail;
  const passing = Math.round(live * PASSING);
  const staying = live - passing;
  const ttl = Math.round(passing / CREATED_PER_SECOND);
  const created = Math.ceil(CREATED_PER_SECOND * (warmUp + seconds)) + 1;
  const passed = { ...TYPICAL, ttl };
  // Long enough for the first read, which may come only after all sessions have been created.
  const kept = { ...TYPICAL, ttl: ttl * 2 + 10 };

  for (const [round, { name, dialect, start }] of turns(rounds, main)) {
    progress(`${round}, ${name}`);
    const server = await start({ watched: dialect === 'respite' });
    await fill(generator, server, { operation: 'create', shape: kept, count: staying });
    await fill(generator, server, {
      operation: 'create',
      shape: { ...passed, spread: true },
      first: staying,
      count: passing,
    });
    const streams = [
      {
        work: { operation: 'login', shape: passed, first: live, count: created },
        connections: CONNECTIONS,
        perSecond: CREATED_PER_SECOND,
      },
      {
        work: { operation: 'read', shape: kept, count: staying, sample: staying },
        connections: CONNECTIONS,
        perSecond: READ_PER_SECOND,
      },
    ] as const;
    const endWatch = dialect === 'respite' ? server.watch() : undefined;
    const loop = { warmUp, seconds };
    const { latency, sendDelay, cpu, others } = await measure<'open'>(generator, server, {
      kind: 'open',
      streams,
      loop,
    });
    const runtime = await endWatch?.();
    const sessions = await server.count();
    await server.stop();

    const at = '20,000 a second';
    const found = { ...latency, sentLate: sendDelay.p99, cpu, sessions };
    figures.add({ part: 'tail', what: 'login and read', at }, name, found, others);
    if (runtime === undefined) continue;
    const pauses = { 'garbage collection': Math.max(0, ...runtime.collections), 'event loop delay': runtime.loopDelay };
    for (const [what, max] of Object.entries(pauses)) figures.add({ part: 'tail', what, at }, name, { max }, others);
  }
}
