import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import type { Redis } from 'ioredis';
import { turns } from './comparison.js';
import { respite } from './contender.js';
import { LoadGenerator } from './load/generator.js';
import type { Target } from './load/orders.js';
import { describeMachine } from './machine.js';
import { OPERATIONS } from './operations.js';
import { watchOthers } from './others.js';
import { CYCLED, DEPTHS, READ, type Row, WRITE } from './parts/operations.js';
import { Server } from './server.js';
import { INDEXED } from './sessions.js';
import { median } from './statistics.js';
import { measureFunctions } from './store-functions.js';
import { StoreNodes } from './store-nodes.js';
import { formatTable } from './table.js';

/**
 * Measures what sessions in a cluster cost: CPU time of respite and of the nodes, and latency, beside the same
 * operations done by hand on the same cluster, and beside sessions in respite's memory.
 */

/** respite's CPU time for an operation on the store at `GOAL_DEPTH`, in µs more than on sessions in its memory. */
const GOAL = 6;
const GOAL_DEPTH = 16;

const ROWS: readonly Row[] = [
  READ,
  WRITE,
  { what: 'login, with index', operation: 'login', shape: INDEXED, effect: 'creates' },
  { what: 'logout, with index', operation: 'logout', shape: INDEXED, effect: 'ends' },
];

/** Connections under full load, and while latency is measured. There may be three targets, each with as many. */
const CONNECTIONS = { loaded: 24, light: 3 };
/** Sessions that a login or logout uses at each depth. */
const ONCE: Readonly<Record<number, number>> = { 1: 2_000, 16: 8_000, 64: 12_000 };
/**
 * How many operations run before an operation is measured. On a busy machine V8 compiles their code only after so many.
 */
const WARM_UP: Readonly<Record<Row['effect'], number>> = { repeats: 250_000, creates: 40_000, ends: 40_000 };
/** Requests of a pipeline, and how many pipelines follow each other. */
const PIPELINE = { length: 64, count: 200 };

/** Ms to settle, then to watch processes that have nothing to do. */
const REST = 1000;
const IDLE = 5000;

const NOTES = `
Figures are medians of the rounds, those in parentheses the lowest. Within a round everything takes its turn. CPU is µs per
operation, of all threads of the processes. "memory" is a respite with the sessions in its own memory, "store" one with the
sessions in the cluster, "two" two such processes on the same cluster, "by hand" a client that sends the nodes what
operations.ts has for Redis. "more" is by how much "store" exceeds "memory". The CPU time of the nodes includes what respite
asks for by itself. ${CONNECTIONS.loaded} connections keep "depth" operations in flight each. Latencies are means with ${CONNECTIONS.light} connections: operations in
flight by operations per second. The load generator shares the cores with all of them. "others" is how many cores were
taken by other processes.`;

const HEADER = [
  ...['', 'memory: CPU', 'store: CPU', 'more', 'nodes', 'two: CPU', 'nodes', 'by hand: nodes'],
  ...['memory /s', 'store /s', 'two /s', 'by hand /s', 'memory ms', 'store ms', 'by hand ms', 'others'],
];

/** What takes its turn. */
interface Subject {
  readonly name: string;
  readonly targets: readonly Target[];
  readonly servers: readonly Server[];
  /** The number of the next session. Each measurement that creates or ends some uses new ones. */
  next: number;
  /** The first of the sessions that a row uses again and again. */
  readonly cycled: Map<Row, number>;
}

/** By measure. */
type Sample = Readonly<Record<'own' | 'nodes' | 'perSecond' | 'ms' | 'others', number>>;

const program = new Command('bench:store')
  .description('Measures what sessions in a cluster cost. STORE_SERVER names the program of its nodes (redis-server).')
  .option('--node <path>', 'run respite under this Node.js', process.execPath)
  .option('--rounds <number>', 'how often everything is measured', Number, 3)
  .option('--seconds <number>', 'how long each measurement takes at most', Number, 0.5)
  .option('--depths <numbers>', 'operations in flight (comma-separated)', (text) => text.split(',').map(Number), DEPTHS)
  .allowExcessArguments(false)
  .parse();

interface Options {
  readonly node: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly depths: readonly number[];
}

const nodes = await StoreNodes.start();
const generator = await LoadGenerator.start();
try {
  await run(program.opts<Options>());
} catch (error) {
  program.error(`error: ${(error as Error).stack}`);
} finally {
  generator.stop();
  await nodes.stop();
}

async function run({ node, rounds, seconds, depths }: Options): Promise<void> {
  console.log(`${describeMachine()}, three primaries of ${await nodes.version()}\n`);
  // More is in flight than the machine can do in 10 ms, so every command would also be written into the slow log.
  const start = (...options: string[]) =>
    Server.start(respite(node), { options: ['--slowlog-log-slower-than', '-1', ...options] });
  const memory = await start();
  // A measurement on a busy machine may take long, but must not fail.
  const onStore = ['--store', nodes.url, '--store-timeout', '60000'];
  const store = await start(...onStore);
  const second = await start(...onStore);
  const byHand = nodes.all.map(({ target }) => target);
  const subjects = [
    subject('memory', [memory]),
    subject('store', [store]),
    // The same cluster, so other sessions.
    subject('two', [store, second], [store, second], 1_000_000_000),
    subject('by hand', [], byHand),
  ];
  for (const row of ROWS) {
    const rows: string[][] = [];
    for (const subject of subjects) {
      process.stderr.write(`${row.what}, warm up ${subject.name}\n`);
      for (let done = 0; done < WARM_UP[row.effect]; )
        done += (await measure(subject, row, 64, CONNECTIONS.loaded, 2)).operations;
    }
    for (const depth of depths) {
      const samples = new Map<Subject, Sample[]>(subjects.map((subject) => [subject, []]));
      for (const [round, subject] of turns(rounds, subjects)) {
        process.stderr.write(`${row.what}, depth ${depth}, ${round}, ${subject.name}\n`);
        const loaded = await measure(subject, row, depth, CONNECTIONS.loaded, seconds);
        const light = await measure(subject, row, depth, CONNECTIONS.light, seconds);
        samples.get(subject)?.push({ ...loaded, ms: (CONNECTIONS.light * depth * 1000) / light.perSecond });
      }
      rows.push([`${row.what}, depth ${depth}`, ...cellsOf([...samples.values()], depth)]);
    }
    console.log(`${formatTable(HEADER, rows)}\n`);
  }
  console.log(NOTES);
  await reportPipeline(store.client);
  await reportIdle([store, second]);
  const costs = await measureFunctions(nodes.all[0]);
  console.log('\nTime that a node takes, µs:');
  const functions = costs.map(({ functions, cost, commands, byHandCost }) => [
    ...[functions, cost.toFixed(1), commands, byHandCost.toFixed(1)],
  ]);
  console.log(formatTable(['functions', 'µs', 'by hand', 'µs'], functions));
  for (const server of [memory, store, second]) await server.stop();
}

function subject(name: string, servers: readonly Server[], targets: readonly Target[] = servers, next = 0): Subject {
  return { name, servers, targets, next, cycled: new Map() };
}

function cellsOf([memory, store, two, byHand]: readonly (readonly Sample[])[], depth: number): string[] {
  const figure = (samples: readonly Sample[], measure: keyof Sample, digits: number) =>
    median(samples.map((sample) => sample[measure])).toFixed(digits);
  const cpu = (samples: readonly Sample[], measure: 'own' | 'nodes') => {
    const lowest = Math.min(...samples.map((sample) => sample[measure])).toFixed(1);
    return `${figure(samples, measure, 1)} (${lowest})`;
  };
  const more = median(store.map(({ own }, round) => own - memory[round].own));
  if (depth === GOAL_DEPTH && more > GOAL) process.exitCode = 1;
  return [
    ...[cpu(memory, 'own'), cpu(store, 'own'), more.toFixed(1), cpu(store, 'nodes')],
    ...[cpu(two, 'own'), cpu(two, 'nodes'), cpu(byHand, 'nodes')],
    ...[memory, store, two, byHand].map((samples) => figure(samples, 'perSecond', 0)),
    ...[memory, store, byHand].map((samples) => figure(samples, 'ms', 2)),
    figure([...memory, ...store, ...two, ...byHand], 'others', 1),
  ];
}

/** Runs an operation in a closed loop. */
async function measure(subject: Subject, row: Row, depth: number, connections: number, seconds: number) {
  const { targets, servers } = subject;
  const { operation, shape, effect } = row;
  const repeats = effect === 'repeats';
  const count = repeats ? CYCLED : ONCE[depth];
  const known = subject.cycled.get(row);
  const first = known ?? subject.next;
  if (known === undefined) {
    subject.next += count;
    if (repeats) subject.cycled.set(row, first);
    if (effect !== 'creates') await generator.fill(targets, { operation: 'create', shape, first, count });
  }
  const work = { operation, shape, first, count, ...(repeats ? { sample: count } : {}) };
  const prepared = await generator.prepare(targets, { kind: 'closed', work, connections, depth, seconds });
  const pids = [...servers.map(({ pid }) => pid), ...nodes.all.map(({ pid }) => pid)];
  const others = watchOthers(generator.pid, ...pids);
  const cpu = () => servers.reduce((sum, server) => sum + server.cpuSeconds(), 0);
  const [own, ofNodes] = [cpu(), nodes.cpuSeconds()];
  const found = await prepared.begin();
  const perOperation = 1e6 / found.operations;
  return {
    operations: found.operations,
    own: (cpu() - own) * perOperation,
    nodes: (nodes.cpuSeconds() - ofNodes) * perOperation,
    perSecond: found.operations / found.seconds,
    others: others(),
  };
}

/** Says how often the nodes read from a socket for a pipeline of a client, which then waits for all replies. */
async function reportPipeline(client: Redis): Promise<void> {
  const { length, count } = PIPELINE;
  const send = async (operation: 'create' | 'read') => {
    const commands = Array.from({ length }, (_, n) => ['call', ...OPERATIONS[operation].respite(READ.shape, n)[0][0]]);
    for (const [error] of (await client.pipeline(commands).exec()) ?? []) if (error) throw error;
  };
  await send('create');
  const [before, began] = [await nodes.reads(), performance.now()];
  for (let pipeline = 0; pipeline < count; pipeline++) await send('read');
  const busy = (await nodes.reads()) - before;
  await sleep(performance.now() - began);
  const idle = (await nodes.reads()) - before - busy;
  const each = ((busy - idle) / count).toFixed(2);
  console.log(`\nFor a pipeline of ${length} reads, the three nodes together read ${each} times from a socket.`);
}

/** Says what the processes do while no client asks for anything. */
async function reportIdle(servers: readonly Server[]): Promise<void> {
  await sleep(REST);
  const read = () => ({ own: servers.reduce((sum, one) => sum + one.cpuSeconds(), 0), nodes: nodes.cpuSeconds() });
  const before = read();
  await sleep(IDLE);
  const after = read();
  const percent = (seconds: number) => `${((seconds / IDLE) * 100_000).toFixed(1)} %`;
  const own = percent((after.own - before.own) / servers.length);
  console.log(
    `Idle, each respite takes ${own} of a core, and the three nodes ${percent(after.nodes - before.nodes)} together.`,
  );
}
