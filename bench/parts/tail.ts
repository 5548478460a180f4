import { type Comparison, turns } from '../comparison.js';
import { measure } from '../measure.js';
import { Server } from '../server.js';
import { TYPICAL } from '../sessions.js';

/** Operations per second: half of them create sessions, half read sessions and so extend them. */
const CREATED_PER_SECOND = 10_000;
const READ_PER_SECOND = 10_000;
/** The share of the sessions that is never read and so expires. As many expire per second as are created. */
const PASSING = 0.6;
const CONNECTIONS = 10;
const PLACE = { part: 'tail', what: 'login and read', at: '20,000 a second' };

/**
 * Measures latency when operations arrive at a fixed rate that all servers can sustain, while sessions are created,
 * extended and expire in balance. Sessions that are not read live exactly as long as it takes to create the same number
 * of new ones; all others are read before they are due. So the number of sessions stays the same.
 */
export async function measureTail({ plan, main, generator, figures, progress }: Comparison): Promise<void> {
  const { rounds, live, warmUp, seconds } = plan.tail;
  const passing = Math.round(live * PASSING);
  const staying = live - passing;
  const ttl = Math.round(passing / CREATED_PER_SECOND);
  const passed = { ...TYPICAL, ttl };
  // Long enough for the first read, which may come only after all sessions have been created.
  const kept = { ...TYPICAL, ttl: ttl * 2 + 10 };
  const created = Math.ceil(CREATED_PER_SECOND * (warmUp + seconds)) + 1;
  const login = { operation: 'login', shape: passed, first: live, count: created } as const;
  const read = { operation: 'read', shape: kept, count: staying, sample: staying } as const;
  const streams = [
    { work: login, connections: CONNECTIONS, perSecond: CREATED_PER_SECOND },
    { work: read, connections: CONNECTIONS, perSecond: READ_PER_SECOND },
  ];

  for (const [round, contender] of turns(rounds, main)) {
    const { name, dialect } = contender;
    progress(`${round}, ${name}`);
    const server = await Server.start(contender, { watched: dialect === 'respite' });
    await generator.fill(server, { operation: 'create', shape: kept, count: staying });
    const rest = { shape: { ...passed, spread: true }, first: staying, count: passing } as const;
    await generator.fill(server, { operation: 'create', ...rest });
    const endWatch = dialect === 'respite' ? server.watch() : undefined;
    const found = await measure(generator, server, { kind: 'open', streams, warmUp, seconds });
    const runtime = await endWatch?.();
    const sessions = await server.count();
    await server.stop();

    const { latency, sendDelay, cpu, others } = found;
    figures.add(PLACE, name, { ...latency, sentLate: sendDelay.p99, cpu, sessions }, others);
    if (runtime === undefined) continue;
    const pauses = { 'garbage collection': Math.max(0, ...runtime.collections), 'event loop delay': runtime.loopDelay };
    for (const [what, max] of Object.entries(pauses)) figures.add({ ...PLACE, what }, name, { max }, others);
  }
}
