import type { LoadGenerator } from './load/generator.js';
import type { Closed, Findings, Open, Work } from './load/orders.js';
import { undisturbed, watchOthers } from './others.js';
import type { Server } from './server.js';

/** Connections of every closed loop. */
const CONNECTIONS = 20;

/** What a load cost a server. */
export interface Cost {
  /** The server's processor time per operation in µs, user and system, of all its threads. */
  readonly cpu: number;
  /** How much of a core was taken from the measurement, see `watchOthers`. */
  readonly others: number;
}

/** Runs a load on a server. */
export async function measure<Load extends Closed | Open>(
  generator: LoadGenerator,
  server: Server,
  load: Load,
): Promise<Findings[Load['kind']] & Cost> {
  const prepared = await generator.prepare(server, load);
  const others = watchOthers(server.pid, generator.pid);
  const before = server.cpuSeconds();
  const found = await prepared.begin();
  const cpu = ((server.cpuSeconds() - before) / found.operations) * 1e6;
  return { ...found, cpu, others: others() };
}

/**
 * Runs operations in a closed loop, again if other processes disturb.
 * @param prepare Runs before each try.
 */
export function measureLoop(
  generator: LoadGenerator,
  server: Server,
  work: Work,
  loop: { readonly depth: number; readonly seconds: number },
  prepare: () => Promise<void> = async () => {},
): Promise<Findings['closed'] & Cost> {
  return undisturbed(async () => {
    await prepare();
    return measure(generator, server, { kind: 'closed', work, connections: CONNECTIONS, ...loop });
  });
}
