import type { LoadGenerator } from '../load/generator.js';
import type { StreamOrder } from '../load/order.js';
import { TYPICAL } from '../sessions/shape.js';
import { byServer } from './by-server.js';
import type { Contender, RunningServer } from './contender.js';
import { fillSessions } from './fill-sessions.js';
import type { ByServer, TailRound } from './findings.js';
import type { Job, Part } from './job.js';
import type { Plan } from './plan.js';

/** Operations per second: half of them create sessions, half read sessions and so extend them. */
const CREATED_PER_SECOND = 10_000;
const READ_PER_SECOND = 10_000;
/** The share of the sessions that is never read and so expires. As many expire per second as are created. */
const PASSING = 0.6;
const CONNECTIONS = 10;
/** Sessions created per second, approximately. */
const FILLED_PER_SECOND = 80_000;

/**
 * Measures latency when operations arrive at a fixed rate that all servers can sustain, while sessions are created,
 * extended and expire in balance. Sessions that are not read live exactly as long as it takes to create the same number
 * of new ones; all others are read before they are due. So the number of sessions stays the same.
 */
export function tailPart(
  generator: LoadGenerator,
  contenders: readonly Contender[],
  { tail: plan }: Plan,
): Part<ByServer<TailRound>> {
  const findings = byServer<TailRound>(contenders);
  const passing = Math.round(plan.live * PASSING);
  const staying = plan.live - passing;
  const ttl = Math.round(passing / CREATED_PER_SECOND);
  const created = Math.ceil(CREATED_PER_SECOND * (plan.warmUp + plan.seconds)) + 1;
  // Twice as long as sessions that are not read, because the first read may come only after all sessions have been
  // created.
  const kept = { ...TYPICAL, ttl: ttl * 2 };
  const passed = { ...TYPICAL, ttl };

  const measure = (contender: Contender, round: number): Job => ({
    title: `tail, round ${round} of ${plan.rounds}, ${contender.name}`,
    seconds: plan.live / FILLED_PER_SECOND + plan.warmUp + plan.seconds + 2,
    async run() {
      const server = await contender.start({ watched: contender.dialect === 'respite' });
      await fillSessions(generator, server, kept, { first: 0, count: staying });
      await fillSessions(generator, server, { ...passed, spread: true }, { first: staying, count: passing });
      findings[contender.name].push(await drive(server));
      await server.stop();
    },
  });

  const drive = async (server: RunningServer): Promise<TailRound> => {
    const { dialect, address } = server;
    const make = { dialect, verb: 'login', shape: passed, first: plan.live, count: created } as const;
    const read = { dialect, verb: 'read', shape: kept, first: 0, count: staying, sample: staying } as const;
    const streams: StreamOrder[] = [
      { work: make, connections: CONNECTIONS, perSecond: CREATED_PER_SECOND },
      { work: read, connections: CONNECTIONS, perSecond: READ_PER_SECOND },
    ];
    let cpu: number | undefined;
    let endWatch: ReturnType<NonNullable<RunningServer['watch']>> | undefined;
    const order = { kind: 'open', address, streams, loop: plan } as const;
    const found = await generator.run<'open'>(order, () => {
      const before = server.cpuSeconds();
      endWatch = server.watch?.();
      return () => {
        const after = server.cpuSeconds();
        if (before !== undefined && after !== undefined) cpu = after - before;
      };
    });
    const acts = (CREATED_PER_SECOND + READ_PER_SECOND) * (plan.warmUp + plan.seconds);
    return {
      latency: found.latency,
      sendDelay: found.sendDelay,
      cpu: cpu === undefined ? null : (cpu / acts) * 1e6,
      live: await server.control.count(),
      runtime: (await endWatch?.()) ?? null,
    };
  };

  const rounds = Array.from({ length: plan.rounds }, (_, index) => index + 1);
  return {
    jobs: rounds.flatMap((round) => contenders.map((contender) => measure(contender, round))),
    findings: () => findings,
  };
}
