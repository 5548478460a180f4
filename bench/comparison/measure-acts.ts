import type { LoadGenerator } from '../load/generator.js';
import type { Work } from '../load/order.js';
import type { RunningServer } from './contender.js';
import type { ActRound } from './findings.js';

/** Connections of every closed loop. */
const CONNECTIONS = 20;

/** Runs operations on a server in a closed loop and returns what they cost. */
export async function measureActs(
  generator: LoadGenerator,
  server: RunningServer,
  work: Omit<Work, 'dialect'>,
  loop: { readonly depth: number; readonly seconds: number },
): Promise<ActRound> {
  const { address, dialect } = server;
  let cpu: number | undefined;
  const order = { kind: 'closed', address, work: { ...work, dialect }, connections: CONNECTIONS, loop } as const;
  const findings = await generator.run<'closed'>(order, () => {
    const before = server.cpuSeconds();
    return () => {
      const after = server.cpuSeconds();
      if (before !== undefined && after !== undefined) cpu = after - before;
    };
  });
  return {
    cpu: cpu === undefined ? null : (cpu / findings.acts) * 1e6,
    perSecond: findings.acts / findings.seconds,
    latency: findings.latency,
    generatorBusy: findings.busy,
  };
}
