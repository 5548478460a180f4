import { type Comparison, compare, withServers } from '../comparison.js';
import { measureLoop } from '../measure.js';
import type { OperationName } from '../operations.js';
import type { Server } from '../server.js';
import { INDEXED, PLAIN, type Shape, SLIDING_WRITE, TYPICAL, WHOLE } from '../sessions.js';

/** An operation of an application, as a row of the results. */
export interface Row {
  readonly what: string;
  readonly operation: OperationName;
  readonly shape: Shape;
  /** Whether the operation can be repeated on the same sessions, creates a session, or ends some. */
  readonly effect: 'repeats' | 'creates' | 'ends';
  /** The operation that creates the sessions to use. By default `create`. */
  readonly madeBy?: OperationName;
}

const FIVE_PER_NAME: Shape = { ...INDEXED, perName: 5 };
const UNCHANGED: Shape = { ...TYPICAL, extend: 'NONE' };

export const READ: Row = { what: 'read, sliding', operation: 'read', shape: TYPICAL, effect: 'repeats' };
export const WRITE: Row = { what: 'write, sliding', operation: 'write', shape: SLIDING_WRITE, effect: 'repeats' };

// biome-ignore format: a table
export const ROWS: readonly Row[] = [
  READ,
  WRITE,
  { what: 'whole session', operation: 'readAll', shape: WHOLE, effect: 'repeats' },
  { what: 'login, with index', operation: 'login', shape: INDEXED, effect: 'creates' },
  { what: 'login, bare', operation: 'login', shape: TYPICAL, effect: 'creates' },
  { what: 'logout, with index', operation: 'logout', shape: INDEXED, effect: 'ends' },
  { what: 'logout, bare', operation: 'logout', shape: TYPICAL, effect: 'ends' },
  { what: 'log out everywhere', operation: 'logoutEverywhere', shape: FIVE_PER_NAME, effect: 'ends' },
  { what: 'GET', operation: 'getString', shape: PLAIN, madeBy: 'setString', effect: 'repeats' },
  { what: 'SET EX', operation: 'setString', shape: PLAIN, madeBy: 'setString', effect: 'repeats' },
  { what: 'plain read', operation: 'read', shape: UNCHANGED, effect: 'repeats' },
];

/** Requests in flight on each connection. */
export const DEPTHS = [1, 16, 64];
/** Sessions that repeated operations cycle through. */
export const CYCLED = 10_000;
/** The depth of the warm-up. */
const WARM = 16;

/** Measures what each operation costs the servers at each depth, under full load. */
export function measureOperations(run: Comparison): Promise<void> {
  return measureRows(run, 'operations', ROWS, DEPTHS);
}

export async function measureRows(
  run: Comparison,
  part: string,
  rows: readonly Row[],
  depths: readonly number[],
): Promise<void> {
  const { plan, contenders } = run;
  await withServers(contenders, async (servers) => {
    for (const row of rows) {
      await warmUp(run, servers, row, WARM);
      for (const depth of depths) {
        const place = { part, what: row.what, at: `depth ${depth}` };
        await compare(run, place, plan.rounds, contenders, async ({ name }) => {
          const found = await runRow(run, servers[name], row, depth, plan.seconds);
          const { cpu, operations, seconds, busy, others } = found;
          return { cpu, perSecond: operations / seconds, generator: busy * 100, others };
        });
      }
    }
  });
}

/** Creates the sessions of a row and runs its operation, so that V8 compiles the code. */
export async function warmUp(
  run: Comparison,
  servers: Readonly<Record<string, Server>>,
  row: Row,
  depth: number,
): Promise<void> {
  for (const { name } of run.contenders) {
    run.progress(`${row.what}, warm up ${name}`);
    await runRow(run, servers[name], row, depth, run.plan.warmUp, true);
  }
}

/** Runs a row's operation in a closed loop, on new sessions if it is the first time or creates or ends sessions. */
function runRow(
  { plan, generator }: Comparison,
  server: Server,
  { operation, shape, effect, madeBy = 'create' }: Row,
  depth: number,
  seconds: number,
  isFirst = false,
) {
  const sessions = effect === 'repeats' ? CYCLED : plan.once[depth];
  const count = operation === 'logoutEverywhere' ? sessions / shape.perName : sessions;
  const work = { operation, shape, count, ...(effect === 'repeats' ? { sample: count } : {}) };
  return measureLoop(generator, server, work, { depth, seconds }, async () => {
    if (effect === 'repeats' && !isFirst) return;
    await server.removeAll();
    if (effect !== 'creates') await generator.fill(server, { operation: madeBy, shape, count: sessions });
  });
}
