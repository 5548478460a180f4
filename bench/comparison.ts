import type { Contender } from './contender.js';
import type { Figures, Measure, Place } from './figures.js';
import type { LoadGenerator } from './load/generator.js';
import type { Plan } from './plan.js';
import { Server } from './server.js';

/** What the parts of a run share. */
export interface Comparison {
  readonly plan: Plan;
  /** All servers: respite on each Node.js, other builds of it, and the peers. */
  readonly contenders: readonly Contender[];
  /** The same without respite on a second Node.js. */
  readonly main: readonly Contender[];
  readonly generator: LoadGenerator;
  readonly figures: Figures;
  /** Says what is measured next. */
  progress(step: string): void;
}

/** Figures of one server in one round, and how much of a core other processes took meanwhile. */
export type Sample = Partial<Readonly<Record<Measure, number>>> & { readonly others: number };

/**
 * Lets servers take turns, in a different order in every second round: which of two processes is measured first makes a
 * difference of 2 to 5 %.
 */
export function* turns<Subject>(
  rounds: number,
  contenders: readonly Subject[],
): Generator<readonly [round: string, contender: Subject]> {
  for (let round = 1; round <= rounds; round++) {
    const order = round % 2 === 1 ? contenders : contenders.toReversed();
    for (const contender of order) yield [`round ${round} of ${rounds}`, contender];
  }
}

/** Measures one thing on each server in turn, and adds the results to the figures. */
export async function compare(
  { figures, progress }: Comparison,
  place: Place,
  rounds: number,
  contenders: readonly Contender[],
  measure: (contender: Contender) => Promise<Sample>,
): Promise<void> {
  for (const [round, contender] of turns(rounds, contenders)) {
    progress(`${place.what}, ${place.at}, ${round}, ${contender.name}`);
    const { others, ...found } = await measure(contender);
    figures.add(place, contender.name, found, others);
  }
}

/** Starts servers, lets an action use them by their names, and stops them. */
export async function withServers(
  contenders: readonly Contender[],
  action: (servers: Readonly<Record<string, Server>>) => Promise<void>,
): Promise<void> {
  const servers: Record<string, Server> = {};
  // One after the other: a free port is free only until the next server takes one.
  for (const contender of contenders) servers[contender.name] = await Server.start(contender);
  try {
    await action(servers);
  } finally {
    for (const server of Object.values(servers)) await server.stop();
  }
}
