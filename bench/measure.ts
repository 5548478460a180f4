import type { LoadGenerator } from './load/generator.js';
import type { Effort, Findings, Order, Work } from './load/order.js';
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
export async function measure<Kind extends 'closed' | 'open'>(
  generator: LoadGenerator,
  server: Server,
  order: Omit<Extract<Order, { kind: Kind }>, 'port' | 'dialect'>,
): Promise<Findings[Kind] & Effort & Cost> {
  const { port, dialect } = server;
  const prepared = await generator.prepare<Kind>({ ...order, port, dialect } as Extract<Order, { kind: Kind }>);
  const others = watchOthers(server.pid, generator.pid);
  const before = server.cpuSeconds();
  const found = await prepared.begin();
  const cpu = ((server.cpuSeconds() - before) / found.operations) * 1e6;
  return Object.assign(found, { cpu, others: others() });
}

/** Runs operations in a closed loop, again if other processes disturb. */
export function measureLoop(
  generator: LoadGenerator,
  server: Server,
  work: Work,
  loop: { readonly depth: number; readonly seconds: number },
  prepare: () => Promise<void> = async () => {},
) {
  return undisturbed(async () => {
    await prepare();
    return measure<'closed'>(generator, server, { kind: 'closed', work, connections: CONNECTIONS, loop });
  });
}

/** Runs each operation once, as fast as possible. */
export async function fill(generator: LoadGenerator, { port, dialect }: Server, work: Work, block = 50_000) {
  await generator.run<'fill'>({ kind: 'fill', port, dialect, work, block });
}
