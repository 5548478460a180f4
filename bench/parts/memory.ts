import { setTimeout } from 'node:timers/promises';
import { fill } from '../measure.js';
import { watchOthers } from '../others.js';
import { type Bench, turns } from '../plan.js';
import { INDEXED, type Shape, TYPICAL } from '../sessions.js';

export const ONE_NAME = 'one name for all';
export const A_NAME_EACH = 'a name for each';

/** For a server without names, the sessions are the same whatever their name, unless it keeps an index. */
const SHAPES: readonly { readonly what: readonly string[]; readonly at: string; readonly shape: Shape }[] = [
  { what: [ONE_NAME, A_NAME_EACH], at: 'bare', shape: TYPICAL },
  { what: [ONE_NAME], at: 'with index', shape: { ...INDEXED, perName: Infinity } },
  { what: [A_NAME_EACH], at: 'with index', shape: INDEXED },
];

/** Measures the memory of sessions: how much the RSS of a new server grows when it is filled. */
export async function measureMemory({ plan, contenders, generator, figures, progress }: Bench): Promise<void> {
  for (const [round, { name, dialect, start }] of turns(plan.memoryRounds, contenders)) {
    const measure = async (shape: Shape, places: readonly { what: string; at: string }[]): Promise<void> => {
      progress(`${places[0].what}, ${places[0].at}, ${round}, ${name}`);
      const server = await start();
      const others = watchOthers(server.pid, generator.pid);
      await setTimeout(plan.settle * 1000);
      const empty = server.residentBytes();
      await fill(generator, server, { operation: 'create', shape, count: plan.many });
      await setTimeout(plan.settle * 1000);
      const bytes = (server.residentBytes() - empty) / plan.many;
      const taken = others();
      await server.stop();
      for (const place of places) figures.add({ part: 'memory', ...place }, name, { bytes }, taken);
    };
    if (dialect === 'redis') {
      for (const { what, at, shape } of SHAPES)
        await measure(
          shape,
          what.map((each) => ({ what: each, at })),
        );
    } else {
      // respite always has the index.
      for (const {
        what: [what],
        shape,
      } of SHAPES.slice(1)) {
        await measure(
          shape,
          ['bare', 'with index'].map((at) => ({ what, at })),
        );
      }
    }
  }
}
