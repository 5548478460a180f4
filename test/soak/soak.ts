import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Option } from 'commander';
import { Info } from '../tools/info.js';
import { runLoadTest, type Settings, whole } from '../tools/load-test.js';
import { Program } from '../tools/program.js';
import { Random } from '../tools/random.js';
import { checkRace, kill, squeeze, startRace } from './administrators.js';
import { Auditor } from './events.js';
import { checkCounters, checkEmpty, checkSessions } from './invariants.js';
import { Level } from './level.js';
import { Link } from './link.js';
import { listen, monitor, observe } from './listeners.js';
import { annoy, crowd, QUERY_LIMIT, READER, stall, TIMEOUT } from './nuisances.js';
import { OUTPUT_LIMIT, readSlowly } from './readers.js';
import { Stage } from './stage.js';
import { Worker } from './worker.js';

/**
 * The soak puts minutes of mixed load on the built program: from clients that behave, clients that do not, and clients
 * that are killed. Every reply is checked. Memory must not grow meanwhile. Afterwards all figures in INFO must be
 * consistent, nothing may be left, and the program must stop properly.
 */

const PASSWORD = 'soak-password';
/** Guards against hanging, in ms: how long the server may take to notice that all clients have left. */
const SETTLE_MS = 120_000;
/** How long the load may take to end, and the server to stop. */
const LEAVE_MS = 120_000;
const STOP_MS = 120_000;
/** How long an event may take. */
const EVENT_MS = 60_000;
/** Seconds between two lines of output. */
const REPORT = 5;
/** A credential. It must not be in the log. */
const TOKEN = /(?<![\w-])[\w-]{21}[AQgw](?![\w-])/;

interface Load {
  readonly seconds: number;
  readonly connections: number;
  readonly maxClients: number;
}

await runLoadTest<{ connections: number }>(
  {
    name: 'soak',
    description: 'Puts load on the built program, and checks every reply and, at the end, the figures in INFO.',
    argument: { name: 'seconds', description: 'how long the load lasts', least: 5, usual: 600 },
    options: [
      new Option('--connections <number>', 'how many clients there are at a time').default(200).argParser(whole(20)),
    ],
  },
  soak,
);

async function soak({ amount, seed, connections }: Settings & { connections: number }): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'soak-'));
  const socketPath = join(directory, 'socket');
  const load = { seconds: amount, connections, maxClients: Math.round(connections * 1.5) };
  const server = await startServer(socketPath, load.maxClients);
  const stage = new Stage({ port: server.port, socketPath, password: PASSWORD, random: new Random(seed) });
  try {
    await Promise.race([run(stage, load), stage.failure]);
    await checkStop(server);
    checkLog(server.log);
  } catch (error) {
    // Clients notice that the server has ended before this process does.
    const code = await Promise.race([server.exited(), wait(500, 'running')]);
    const log = server.log.split('\n').slice(-10).join('\n');
    throw new Error(`${(error as Error).message}\nserver: ${code === 'running' ? code : `exit code ${code}`}\n${log}`);
  } finally {
    await server.kill();
    rmSync(directory, { recursive: true });
    stage.tally.print();
  }
}

function startServer(socketPath: string, maxClients: number): Promise<Program> {
  const options = {
    unixsocket: socketPath,
    maxclients: maxClients,
    timeout: TIMEOUT,
    'client-query-buffer-limit': QUERY_LIMIT,
    'client-output-buffer-limit': `normal ${OUTPUT_LIMIT} 0 0 pubsub 1mb 0 0`,
    'slowlog-log-slower-than': 1000,
  };
  return Program.start(
    Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]),
    { RESPITE_REQUIREPASS: PASSWORD, RESPITE_USERS: `${READER.name} read ${READER.password}` },
  );
}

async function run(stage: Stage, load: Load): Promise<void> {
  const control = await Link.join(stage, { name: 'control' });
  const auditors = [await Auditor.start(stage, 2), await Auditor.start(stage, 3)];
  stage.race = await startRace(control, 0);
  const everybody = startLoad(stage, load);
  everybody.catch((error: Error) => stage.fail(error.message));
  const level = new Level();
  await watch(stage, control, auditors, level, load.seconds);
  stage.stop();
  if (!(await Promise.race([everybody.then(() => true), wait(LEAVE_MS, false)]))) {
    throw new Error(`some clients have not left: ${[...stage.links].join(', ')}`);
  }

  await checkRace(control, stage.race);
  stage.tally.count('sessions at the end', await checkSessions(control));
  await control.demand('SESSION.ENDALL');
  // With many sessions, their events and their memory take a little longer.
  while ((await Info.of(control)).number('lazyfree_pending_objects') > 0);
  for (const auditor of auditors) await auditor.caughtUp();
  await checkEmpty(
    control,
    auditors.map(({ log }) => log),
  );
  for (const auditor of auditors) await auditor.leave();
  await waitUntilAlone(control);
  checkCounters(await Info.of(control), stage.tally);
  for (const line of level.check()) console.log(line);
  await control.leave();
}

/** Starts all participants. All but a few are workers. Resolves when everybody has left. */
async function startLoad(stage: Stage, { seconds, connections, maxClients }: Load): Promise<void> {
  const many = (count: number, start: (number: number) => Promise<void>) =>
    Array.from({ length: Math.max(1, Math.round(count)) }, (_, number) => start(number));
  // Sessions come and go many times, however short the run.
  const longest = Math.max(2, Math.min(30, Math.floor(seconds / 5)));
  const others = [
    monitor(stage),
    observe(stage),
    kill(stage),
    squeeze(stage, seconds * 400, seconds * 700),
    crowd(stage, maxClients),
    ...many(connections * 0.02, (number) => annoy(stage, number)),
    ...many(connections * 0.06, (number) => listen(stage, number)),
    ...many(connections * 0.04, (number) => readSlowly(stage, number)),
    ...many(connections * 0.05, (number) => stall(stage, number)),
  ];
  const workers = many(connections - others.length, (number) =>
    new Worker(stage, number, { unix: number % 4 === 0, longest }).run(),
  );
  await Promise.all([...others, ...workers]);
}

/** Samples INFO once a second and prints how the run goes. */
async function watch(
  stage: Stage,
  control: Link,
  auditors: readonly Auditor[],
  level: Level,
  seconds: number,
): Promise<void> {
  const begun = performance.now();
  let commands = 0;
  const created: { at: number; sessions: number }[] = [];
  for (let second = 1; second <= seconds; second++) {
    await stage.pause(begun + second * 1000 - performance.now());
    const now = performance.now();
    for (const link of stage.links) link.checkPatience(now);
    const info = await Info.of(control);
    level.add(info);
    if (second % REPORT !== 0) continue;
    // The last sessions' events may still be on their way. At the end of the run all of them are counted.
    const due = created.findLast(({ at }) => at < now - EVENT_MS)?.sessions ?? 0;
    if (auditors.some(({ log }) => log.count('new') < due)) {
      throw new Error(`events of ${due} new sessions are due for ${EVENT_MS / 1000} s, and some are missing`);
    }
    created.push({ at: now, sessions: info.number('sessions_created') });
    const processed = info.number('total_commands_processed');
    console.log(describe(second, (processed - commands) / REPORT, info));
    commands = processed;
  }
}

function describe(second: number, commandsPerSecond: number, info: Info): string {
  const mb = (field: string) => `${(info.number(field) / 1024 / 1024).toFixed(0)} MB`;
  return [
    `${String(second).padStart(4)} s`,
    `${(commandsPerSecond / 1000).toFixed(1)}k commands/s`,
    `${info.number('connected_clients')} clients`,
    `${info.number('sessions')} sessions`,
    `used ${mb('used_memory')}`,
    `rss ${mb('used_memory_rss')}`,
    `heap ${mb('node_heap_total')}`,
  ].join(', ');
}

async function waitUntilAlone(control: Link): Promise<void> {
  // The server must notice by itself that they have left, not because they are silent.
  await control.demand('CONFIG', 'SET', 'timeout', '0');
  const until = performance.now() + SETTLE_MS;
  for (;;) {
    const clients = (await Info.of(control)).number('connected_clients');
    if (clients === 1) return;
    if (performance.now() < until) continue;
    const list = await control.demand('CLIENT', 'LIST');
    throw new Error(`${clients} clients are connected, although all but one have left:\n${list}`);
  }
}

async function checkStop(server: Program): Promise<void> {
  server.signal('SIGTERM');
  const code = await Promise.race([server.exited(), wait(STOP_MS, 'nothing')]);
  if (code !== 0) throw new Error(`after SIGTERM the server ended with ${code}`);
}

function checkLog(log: string): void {
  const wrong = log.split('\n').find((line) => line.includes('internal error') || TOKEN.test(line));
  if (wrong !== undefined) throw new Error(`the server's log must not have this line: ${wrong}`);
}
