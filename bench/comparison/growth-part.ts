import type { LoadGenerator } from '../load/generator.js';
import type { Verb } from '../sessions/dialect.js';
import { GROWING, type Shape, TYPICAL } from '../sessions/shape.js';
import { byServer } from './by-server.js';
import type { Contender } from './contender.js';
import { fillSessions } from './fill-sessions.js';
import type { GrowthFindings } from './findings.js';
import type { Job, Part } from './job.js';
import { measureActs } from './measure-acts.js';
import type { Plan } from './plan.js';
import { Servers } from './servers.js';

const DEPTH = 16;
/**
 * If there are more sessions or keys than this, this many random ones are used: more than a processor's caches hold.
 */
const SAMPLE = 200_000;
/** Sessions or keys created per second, approximately. */
const FILLED_PER_SECOND = 80_000;

/** One operation to measure at one size. */
interface Measurement {
  readonly findings: GrowthFindings;
  readonly verb: Verb;
  readonly shape: Shape;
}

/** Measures what an operation costs with more and more sessions, and in one session with more and more keys. */
export function growthPart(
  generator: LoadGenerator,
  contenders: readonly Contender[],
  { growth: plan }: Plan,
): Part<GrowthFindings[]> {
  const servers = new Servers(contenders);
  const measurement = (of: GrowthFindings['of'], size: number, verb: 'read' | 'write'): Measurement => ({
    findings: { of, verb, size, servers: byServer(contenders) },
    ...(of === 'sessions'
      ? { verb, shape: TYPICAL }
      : { verb: verb === 'read' ? ('readKey' as const) : ('writeKey' as const), shape: GROWING }),
  });
  const ofSessions = plan.sessions.map((size) => measurement('sessions', size, 'read'));
  const ofKeys = plan.keys.map((size) => [measurement('keys', size, 'read'), measurement('keys', size, 'write')]);

  /** The smallest size comes first, with a warm-up in which V8 compiles the code. */
  const measure = ({ findings, verb, shape }: Measurement, isSmallest: boolean): Job[] => {
    const { of, size } = findings;
    const once = (contender: Contender, title: string, into?: number[]): Job => ({
      title: `growth, ${findings.verb} at ${size} ${of}, ${title}, ${contender.name}`,
      seconds: plan.seconds + 0.1,
      async run() {
        const work = { verb, shape, first: 0, count: size, sample: SAMPLE };
        const loop = { depth: DEPTH, seconds: plan.seconds };
        const { cpu } = await measureActs(generator, servers.get(contender), work, loop);
        if (cpu !== null) into?.push(cpu);
      },
    });
    return [
      ...(isSmallest ? contenders.map((contender) => once(contender, 'warm up')) : []),
      ...Array.from({ length: plan.rounds }, (_, index) => `round ${index + 1} of ${plan.rounds}`).flatMap((title) =>
        contenders.map((contender) => once(contender, title, findings.servers[contender.name])),
      ),
    ];
  };

  /** Adds sessions or keys up to a size. */
  const grow = (of: GrowthFindings['of'], from: number, to: number): Job[] =>
    contenders.map((contender) => ({
      title: `growth, fill to ${to} ${of}, ${contender.name}`,
      seconds: (to - from) / FILLED_PER_SECOND,
      async run() {
        const server = servers.get(contender);
        const { address, dialect } = server;
        const range = { first: from, count: to - from };
        if (of === 'sessions') return fillSessions(generator, server, TYPICAL, range);
        const work = { dialect, verb: 'addKey', shape: GROWING, ...range } as const;
        await generator.run<'fill'>({ kind: 'fill', address, work });
      },
    }));

  const makeSmallest: Job = {
    title: 'growth, a session of one key',
    seconds: 1,
    async run() {
      await servers.removeAll();
      for (const contender of contenders) {
        await fillSessions(generator, servers.get(contender), GROWING, { first: 0, count: 1 });
      }
    },
  };

  return {
    jobs: [
      { title: 'start the servers', seconds: 1, run: () => servers.start() },
      ...ofSessions.flatMap((size, index) => [
        ...grow('sessions', plan.sessions[index - 1] ?? 0, plan.sessions[index]),
        ...measure(size, index === 0),
      ]),
      makeSmallest,
      ...ofKeys.flatMap((verbs, index) => [
        ...grow('keys', plan.keys[index - 1] ?? 1, plan.keys[index]),
        ...verbs.flatMap((verb) => measure(verb, index === 0)),
      ]),
      { title: 'stop the servers', seconds: 0.5, run: () => servers.stop() },
    ],
    findings: () => [...ofSessions, ...ofKeys.flat()].map(({ findings }) => findings),
  };
}
