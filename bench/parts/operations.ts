import { fill, measureLoop } from '../measure.js';
import type { OperationName } from '../operations.js';
import { type Bench, turns } from '../plan.js';
import { type Server, startAll, stopAll } from '../server.js';
import { INDEXED, PLAIN, type Shape, TYPICAL, WHOLE } from '../sessions.js';

/** An operation of an application, as a row of the results. */
interface Row {
  readonly what: string;
  readonly operation: OperationName;
  readonly shape: Shape;
  /** Whether the operation can be repeated on the same sessions, creates a session, or ends some. */
  readonly effect: 'repeats' | 'creates' | 'ends';
  /** The operation that creates the sessions to use. By default `create`. */
  readonly madeBy?: OperationName;
}

const FIVE_PER_NAME: Shape = { ...INDEXED, perName: 5 };

// biome-ignore format: a table
export const ROWS: readonly Row[] = [
  { what: 'read, sliding', operation: 'read', shape: TYPICAL, effect: 'repeats' },
  { what: 'write, sliding', operation: 'write', shape: { ...TYPICAL, extend: 'SET' }, effect: 'repeats' },
  { what: 'whole session', operation: 'readAll', shape: WHOLE, effect: 'repeats' },
  { what: 'login, with index', operation: 'login', shape: INDEXED, effect: 'creates' },
  { what: 'login, bare', operation: 'login', shape: TYPICAL, effect: 'creates' },
  { what: 'logout, with index', operation: 'logout', shape: INDEXED, effect: 'ends' },
  { what: 'logout, bare', operation: 'logout', shape: TYPICAL, effect: 'ends' },
  { what: 'log out everywhere', operation: 'logoutEverywhere', shape: FIVE_PER_NAME, effect: 'ends' },
  { what: 'GET', operation: 'getString', shape: PLAIN, madeBy: 'setString', effect: 'repeats' },
  { what: 'SET EX', operation: 'setString', shape: PLAIN, madeBy: 'setString', effect: 'repeats' },
  { what: 'plain read', operation: 'read', shape: { ...TYPICAL, extend: 'NONE' }, effect: 'repeats' },
];

/** Requests in flight on each connection. */
export const DEPTHS = [1, 16, 64] as const;

/** Sessions that repeated operations cycle through. */
export const CYCLED = 10_000;

/** The depth of the warm-up. */
const WARM = 16;

/** Measures what each operation costs the servers at each depth, under full load. */
export async function measureOperations({ plan, contenders, generator, figures, progress }: Bench): Promise<void> {
  const servers = await startAll(contenders);

  const run = async (row: Row, server: Server, loop: { depth: number; seconds: number }, refill: boolean) => {
    const { operation, shape, effect, madeBy = 'create' } = row;
    const sessions = effect === 'repeats' ? CYCLED : plan.once[loop.depth];
    const prepare = async () => {
      if (!refill && effect === 'repeats') return;
      await server.removeAll();
      if (effect !== 'creates') await fill(generator, server, { operation: madeBy, shape, count: sessions });
    };
    const count = operation === 'logoutEverywhere' ? sessions / shape.perName : sessions;
    const work = { operation, shape, count, ...(effect === 'repeats' ? { sample: count } : {}) };
    return measureLoop(generator, server, work, loop, prepare);
  };

  for (const row of ROWS) {
    for (const { name } of contenders) {
      progress(`${row.what}, warm up ${name}`);
      await run(row, servers[name], { depth: WARM, seconds: plan.warmUp }, true);
    }
    for (const depth of DEPTHS) {
      for (const [round, { name }] of turns(plan.rounds, contenders)) {
        progress(`${row.what}, depth ${depth}, ${round}, ${name}`);
        const loop = { depth, seconds: plan.seconds };
        const { cpu, operations, seconds, busy, others } = await run(row, servers[name], loop, false);
        const found = { cpu, perSecond: operations / seconds, generator: busy * 100 };
        figures.add({ part: 'operations', what: row.what, at: `depth ${depth}` }, name, found, others);
      }
    }
  }
  await stopAll(servers);
}
