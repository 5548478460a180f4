import { setTimeout } from 'node:timers/promises';
import type { LoadGenerator } from '../load/generator.js';
import { TYPICAL } from '../sessions/shape.js';
import { byServer } from './by-server.js';
import type { Contender, RunningServer } from './contender.js';
import { fillSessions } from './fill-sessions.js';
import type { MemoryFindings } from './findings.js';
import type { Job, Part } from './job.js';
import type { Plan } from './plan.js';

/**
 * The time from the last request to the measurement of RSS, in ms. Memory that a server frees promptly is free by then.
 */
const SETTLE = 2_000;
/** Sessions created per second, approximately. */
const FILLED_PER_SECOND = 80_000;

/** Measures the memory of sessions: how much the RSS of a new server grows when it is filled. */
export function memoryPart(
  generator: LoadGenerator,
  contenders: readonly Contender[],
  { memory: plan }: Plan,
): Part<MemoryFindings[]> {
  const findings = (['one', 'each'] as const).map(
    (names): MemoryFindings => ({ names, sessions: plan.sessions, servers: byServer(contenders) }),
  );

  const measure = ({ names, sessions, servers }: MemoryFindings, contender: Contender, round: number): Job => ({
    title: `memory, ${names === 'one' ? 'one name for all' : 'a name for each'}, round ${round} of ${plan.rounds}, ${contender.name}`,
    seconds: (2 * SETTLE) / 1000 + sessions / FILLED_PER_SECOND,
    async run() {
      const server = await contender.start();
      const empty = await settledBytes(server);
      await fillSessions(generator, server, { ...TYPICAL, names }, { first: 0, count: sessions });
      const full = await settledBytes(server);
      if (empty !== undefined && full !== undefined) servers[contender.name].push(full - empty);
      await server.stop();
    },
  });

  const [one, each] = findings;
  const jobs = Array.from({ length: plan.rounds }, (_, index) => index + 1).flatMap((round) =>
    contenders.flatMap((contender) => [
      measure(one, contender, round),
      ...(contender.dialect === 'respite' ? [measure(each, contender, round)] : []),
    ]),
  );
  return {
    jobs,
    findings() {
      // Redis has no names, so its figure is the same.
      const nameless = contenders.filter(({ dialect }) => dialect === 'redis');
      const same = Object.fromEntries(nameless.map(({ name }) => [name, one.servers[name]]));
      return [one, { ...each, servers: { ...each.servers, ...same } }];
    },
  };
}

async function settledBytes(server: RunningServer): Promise<number | undefined> {
  await setTimeout(SETTLE);
  return server.residentBytes();
}
