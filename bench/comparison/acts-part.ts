import type { ClosedLoop } from '../load/closed-loop.js';
import type { LoadGenerator } from '../load/generator.js';
import { ACTS, type ComparedAct } from './acts.js';
import { byServer } from './by-server.js';
import type { Contender, RunningServer } from './contender.js';
import { fillSessions } from './fill-sessions.js';
import type { ActFindings, ActRound } from './findings.js';
import type { Job, Part } from './job.js';
import { measureActs } from './measure-acts.js';
import { DEPTHS, type Plan } from './plan.js';
import { Servers } from './servers.js';

/**
 * V8 compiles code that runs often. Each operation first runs for this many seconds at this depth, without being
 * recorded.
 */
const WARM_UP = { depth: 16, seconds: 0.7 };

/** Measures what each operation costs the servers, at each depth. */
export function actsPart(
  generator: LoadGenerator,
  contenders: readonly Contender[],
  { acts: plan }: Plan,
): Part<ActFindings[]> {
  const servers = new Servers(contenders);
  const findings = ACTS.flatMap(({ name }) =>
    DEPTHS.map((depth): ActFindings => ({ act: name, depth, servers: byServer(contenders) })),
  );

  const countOf = ({ effect }: ComparedAct, depth: number) =>
    effect === 'repeats' ? plan.sessions : (plan.once.get(depth) ?? 0);

  /** Leaves a server with the sessions that an operation needs, and no others. */
  const refill = async (act: ComparedAct, depth: number, server: RunningServer): Promise<void> => {
    await server.control.removeAll();
    if (act.effect === 'makes') return;
    await fillSessions(generator, server, act.shape, { first: 0, count: countOf(act, depth), verb: act.madeBy });
  };

  const run = (act: ComparedAct, server: RunningServer, loop: ClosedLoop): Promise<ActRound> => {
    const { verb, shape, effect } = act;
    const count = countOf(act, loop.depth);
    const work = { verb, shape, first: 0, count, ...(effect === 'repeats' ? { sample: count } : {}) };
    return measureActs(generator, server, work, loop);
  };

  const warmUp = (act: ComparedAct, contender: Contender): Job => ({
    title: `${act.name}: warm up ${contender.name}`,
    seconds: 1,
    async run() {
      const server = servers.get(contender);
      await refill(act, WARM_UP.depth, server);
      await run(act, server, WARM_UP);
    },
  });

  const measure = (act: ComparedAct, depth: number, round: number, contender: Contender): Job => ({
    title: `${act.name}, depth ${depth}, round ${round} of ${plan.rounds}, ${contender.name}`,
    seconds: plan.seconds + 0.1,
    async run() {
      const server = servers.get(contender);
      if (act.effect !== 'repeats') await refill(act, depth, server);
      const found = await run(act, server, { depth, seconds: plan.seconds });
      findings
        .find((candidate) => candidate.act === act.name && candidate.depth === depth)
        ?.servers[contender.name].push(found);
    },
  });

  const rounds = Array.from({ length: plan.rounds }, (_, index) => index + 1);
  const jobs: Job[] = ACTS.flatMap((act) => [
    ...contenders.map((contender) => warmUp(act, contender)),
    ...DEPTHS.flatMap((depth) =>
      rounds.flatMap((round) => contenders.map((contender) => measure(act, depth, round, contender))),
    ),
  ]);
  return {
    jobs: [
      { title: 'start the servers', seconds: 1, run: () => servers.start() },
      ...jobs,
      { title: 'stop the servers', seconds: 0.5, run: () => servers.stop() },
    ],
    findings: () => findings,
  };
}
