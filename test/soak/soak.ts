import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { infoOf } from '../tools/info.js';
import { Program } from '../tools/program.js';
import { Random } from '../tools/random.js';
import { checkRace, kill, squeeze, startRace } from './admin.js';
import { annoy, crowd, QUERY_LIMIT, READER, stall, TIMEOUT } from './chaos.js';
import { Auditor } from './events.js';
import { checkCounters, checkEmpty, checkSessions } from './invariants.js';
import { Level } from './level.js';
import { Link } from './link.js';
import { listen, monitor, observe } from './listeners.js';
import { OUTPUT_LIMIT, readSlowly } from './readers.js';
import { Stage } from './stage.js';
import { Worker } from './worker.js';

/**
 * The soak: minutes of mixed load on the built program, from clients that behave, clients that do not, and clients
 * that are killed, with every reply checked. Meanwhile memory must stay level; afterwards every figure in INFO
 * must be consistent, nothing may be left, and the program must stop as it should.
 */

const PASSWORD = 'soak-password';
/** The server has this long, in ms, to let go of everything when the load has gone: a guard against hanging. */
const SETTLE_MS = 120_000;
/** The load has this long to end, in ms, and the program to stop: guards as well. */
const LEAVE_MS = 120_000;
const STOP_MS = 120_000;
/** Events come within so many ms: another one. */
const TOLD_MS = 60_000;
/** Seconds between two lines about how it goes. */
const REPORT = 5;
/** A credential as it must not be in the log. */
const TOKEN = /(?<![\w-])[\w-]{21}[AQgw](?![\w-])/;

interface Settings {
  readonly seconds: number;
  readonly connections: number;
  readonly seed: number;
}

const program = new Command('soak')
  .description('Loads the built program, checks every reply, and the figures in INFO at the end.')
  .argument('[seconds]', 'how long the load lasts', whole(5), 600)
  .option('--connections <number>', 'how many clients there are at a time', whole(20), 200)
  .option('--seed <number>', 'where all chance comes from (default: the time)', whole(0))
  .allowExcessArguments(false)
  .parse();

const { connections, seed = Date.now() % 2 ** 32 } = program.opts<{ connections: number; seed?: number }>();
const [seconds] = program.processedArgs as [number];
try {
  await soak({ seconds, connections, seed });
  console.log('ok');
} catch (error) {
  program.error(`soak failed (--connections ${connections} --seed ${seed}): ${(error as Error).message}`);
}
process.exit(0);

function whole(least: number): (text: string) => number {
  return (text) => {
    if (!/^\d{1,10}$/.test(text) || Number(text) < least) throw new InvalidArgumentError(`Expected ${least} or more.`);
    return Number(text);
  };
}

async function soak(settings: Settings): Promise<void> {
  console.log(`${settings.connections} connections for ${settings.seconds} s, seed ${settings.seed}`);
  // A program that a test has started does not keep the test alive: this does.
  const awake = setInterval(() => {}, 1000);
  const directory = mkdtempSync(join(tmpdir(), 'soak-'));
  const maxClients = Math.round(settings.connections * 1.5);
  const server = await startServer(join(directory, 'socket'), maxClients);
  const stage = new Stage({
    port: server.port,
    socketPath: join(directory, 'socket'),
    password: PASSWORD,
    random: new Random(settings.seed),
  });
  try {
    await Promise.race([run(stage, settings, maxClients), stage.failure]);
    await checkStop(server);
    checkLog(server.log);
  } catch (error) {
    // Its clients notice its end before we do.
    const code = await Promise.race([server.exited(), wait(500, 'running')]);
    const log = server.log.split('\n').slice(-10).join('\n');
    throw new Error(`${(error as Error).message}\nserver: ${code === 'running' ? code : `exit code ${code}`}\n${log}`);
  } finally {
    server.signal('SIGKILL');
    await server.exited();
    rmSync(directory, { recursive: true });
    report(stage);
    clearInterval(awake);
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

async function run(stage: Stage, settings: Settings, maxClients: number): Promise<void> {
  const control = await Link.open(stage, { name: 'control', protocol: 2, unix: false });
  const auditors = [await Auditor.start(stage, 2), await Auditor.start(stage, 3)];
  stage.race = await startRace(control, 0);
  const load = startLoad(stage, settings, maxClients);
  load.catch((error: Error) => stage.fail(error.message));
  const level = new Level();
  await watch(stage, control, auditors, level, settings.seconds);
  stage.stop();
  if (!(await Promise.race([load.then(() => true), wait(LEAVE_MS, false)]))) {
    throw new Error(`some have not come to an end: ${[...stage.links].join(', ')}`);
  }

  await checkRace(control, stage.race);
  stage.count('sessions at the end', await checkSessions(control));
  await control.demand('SESSION.ENDALL');
  // Where there are many, their events and their memory follow.
  while ((await infoOf(control)).number('lazyfree_pending_objects') > 0);
  for (const auditor of auditors) await auditor.caughtUp();
  await checkEmpty(
    control,
    auditors.map(({ log }) => log),
  );
  for (const auditor of auditors) await auditor.leave();
  await waitUntilAlone(control);
  checkCounters(await infoOf(control), stage);
  for (const line of level.check()) console.log(line);
  control.leave();
  await control.ended;
}

/** Who takes part. Those who are few come first; all others are workers. Resolves when everybody has left. */
async function startLoad(stage: Stage, { seconds, connections }: Settings, maxClients: number): Promise<void> {
  const each = (share: number) => Math.max(1, Math.round(connections * share));
  const many = (count: number, start: (number: number) => Promise<void>) =>
    Array.from({ length: count }, (_, i) => start(i));
  // Sessions come and go many times, however short the run.
  const longest = Math.max(2, Math.min(30, Math.floor(seconds / 5)));
  const others = [
    monitor(stage),
    observe(stage),
    kill(stage),
    squeeze(stage, seconds * 400, seconds * 700),
    crowd(stage, maxClients),
    ...many(each(0.02), (number) => annoy(stage, number)),
    ...many(each(0.06), (number) => listen(stage, number)),
    ...many(each(0.04), (number) => readSlowly(stage, number)),
    ...many(each(0.05), (number) => stall(stage, number)),
  ];
  const workers = many(Math.max(1, connections - others.length), (number) =>
    new Worker(stage, number, { unix: number % 4 === 0, longest }).run(),
  );
  await Promise.all([...others, ...workers]);
}

/** Takes samples of INFO once a second, and says how it goes. */
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
    const info = await infoOf(control);
    level.add(info);
    if (second % REPORT !== 0) continue;
    // Everybody has been told of what was long ago. In the end, of all.
    const told = created.findLast(({ at }) => at < now - TOLD_MS)?.sessions ?? 0;
    if (auditors.some(({ log }) => log.count('new') < told)) {
      throw new Error(`of ${told} new sessions, the events of some have not come for ${TOLD_MS / 1000} s`);
    }
    created.push({ at: now, sessions: info.number('sessions_created') });
    const processed = info.number('total_commands_processed');
    const mb = (field: string) => `${(info.number(field) / 1024 / 1024).toFixed(0)} MB`;
    console.log(
      [
        `${String(second).padStart(4)} s`,
        `${((processed - commands) / REPORT / 1000).toFixed(1)}k commands/s`,
        `${info.number('connected_clients')} clients`,
        `${info.number('sessions')} sessions`,
        `used ${mb('used_memory')}`,
        `rss ${mb('used_memory_rss')}`,
        `heap ${mb('node_heap_total')}`,
      ].join(', '),
    );
    commands = processed;
  }
}

async function waitUntilAlone(control: Link): Promise<void> {
  // Who is left must have been let go of, not given up for silence.
  await control.demand('CONFIG', 'SET', 'timeout', '0');
  const until = performance.now() + SETTLE_MS;
  for (;;) {
    const clients = (await infoOf(control)).number('connected_clients');
    if (clients === 1) return;
    if (performance.now() > until) {
      throw new Error(
        `${clients} clients are connected, though all but one have left:\n${await control.demand('CLIENT', 'LIST')}`,
      );
    }
  }
}

async function checkStop(server: Program): Promise<void> {
  server.signal('SIGTERM');
  const code = await Promise.race([server.exited(), wait(STOP_MS, 'nothing')]);
  if (code !== 0) throw new Error(`after SIGTERM the server ended with ${code}`);
}

function checkLog(log: string): void {
  const wrong = log.split('\n').find((line) => line.includes('internal error') || TOKEN.test(line));
  if (wrong !== undefined) throw new Error(`the server's log has a line that it must not have: ${wrong}`);
}

/** What was done, by kind. */
function report(stage: Stage): void {
  const rows = [...stage.counts].toSorted(([a], [b]) => a.localeCompare(b));
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, count] of rows) console.log(`${name.padEnd(width)}  ${count}`);
}
