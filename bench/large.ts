import { setTimeout } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { respite } from './contender.js';
import { LoadGenerator } from './load/generator.js';
import { describeMachine } from './machine.js';
import { MixedSessions } from './mixed-sessions.js';
import { Server } from './server.js';
import { TYPICAL } from './sessions.js';
import { formatTable } from './table.js';

/**
 * Creates, uses and ends gigabytes of sessions from 100 bytes to 1 MB. Shows whether V8's collector or anything else
 * delays other clients meanwhile, whether the data is what was sent, and whether the memory is freed.
 */

const NOTES = `
A second client sends a PING every millisecond, without waiting for replies. "waited" is the time from when it was due until its reply was read.
It shares the machine's cores with the server and with the client that fills it. Memory is in GB of 10^9 bytes, at the end of each phase.`;

/** Collections that take more than this many ms are counted separately. */
const LONG_COLLECTION = 10;
/** How many bytes more than the empty server may be left, because V8 decides how large its young generation is. */
const LEFT_BYTES = 64e6;
/** The seconds in which sessions are used, and in which memory may be freed. */
const USE_SECONDS = 20;
const RETURN_SECONDS = 60;
/** The share of the sessions that is read to verify its data. */
const READ_SHARE = 1 / 8;
/** How many requests are in flight: one for each user of sessions. */
const USERS = 16;
const PING = { operation: 'ping', shape: TYPICAL, count: 1, sample: 1 } as const;
const PROBES = { work: PING, connections: 1, perSecond: 1000 };
const WARM_UP_SECONDS = 1.5;
const GB = 1e9;
// biome-ignore format: a row
const HEADER = ['', 's', 'collections', `> ${LONG_COLLECTION} ms`, 'longest ms', 'loop delay ms', 'waited p99', 'max', 'sessions', 'data GB', 'used_memory', 'RSS'];

const program = new Command('bench:large')
  .description('Fills respite with sessions of 100 bytes to 1 MB, uses and ends them, and measures pauses and memory.')
  .option('--gb <number>', 'gigabytes of keys and values; the machine needs a quarter more memory', positive, 16)
  .allowExcessArguments(false)
  .parse();

try {
  await run(program.opts<{ gb: number }>().gb);
} catch (error) {
  program.error(`error: ${(error as Error).message}`);
}

function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new InvalidArgumentError('Expected a positive number.');
  return number;
}

async function run(gb: number): Promise<void> {
  console.log(`${gb} GB of sessions: ${describeMachine()}`);
  const server = await Server.start(respite(), { watched: true, options: ['--maxmemory', '0'] });
  const generator = await LoadGenerator.start();
  const users = Array.from({ length: USERS }, (_, user) => new MixedSessions(server.client, `large:${user}`));
  const all = (use: (sessions: MixedSessions) => Promise<void>) => Promise.all(users.map(use));
  const sum = (figure: 'bytes' | 'count') => users.reduce((total, sessions) => total + sessions[figure], 0);
  // Compiles the code, and lets V8's heap grow to what is needed.
  await all((sessions) => sessions.make(64e6 / USERS));
  await all((sessions) => sessions.endEach());
  await setTimeout(3000);
  const emptyBytes = server.residentBytes();
  const isBack = () => server.residentBytes() < emptyBytes + LEFT_BYTES;
  const end = async () => {
    await all((sessions) => sessions.endEach());
    for (let second = 0; second < RETURN_SECONDS && !isBack(); second++) await setTimeout(1000);
  };
  const phases: readonly (readonly [name: string, run: () => Promise<unknown>])[] = [
    ['create', () => all((sessions) => sessions.make((gb * GB) / USERS))],
    ['use', () => all((sessions) => sessions.use(USE_SECONDS))],
    ['verify', () => all((sessions) => sessions.verify(READ_SHARE))],
    ['end', end],
  ];
  const rows: string[][] = [];
  for (const [name, phase] of phases) {
    process.stderr.write(`${name} …\n`);
    const { seconds, collections, loopDelay, latency } = await observe(server, generator, phase);
    const longest = collections.reduce((most, ms) => Math.max(most, ms), 0);
    const memory = [sum('bytes'), await server.usedBytes(), server.residentBytes()];
    rows.push([
      name,
      seconds.toFixed(1),
      String(collections.length),
      String(collections.filter((ms) => ms > LONG_COLLECTION).length),
      ...[longest, loopDelay, latency.p99, latency.max].map((ms) => ms.toFixed(1)),
      String(sum('count')),
      ...memory.map((bytes) => (bytes / GB).toFixed(2)),
    ]);
    process.stderr.write(`${formatTable(HEADER, rows.slice(-1))}\n`);
  }
  const [before, after] = [emptyBytes, server.residentBytes()].map((bytes) => (bytes / 1e6).toFixed(0));
  console.log(`\n${formatTable(HEADER, rows)}\n${NOTES}`);
  console.log(`The empty server had ${before} MB, in the end it has ${after} MB.`);
  const back = isBack();
  generator.stop();
  await server.stop();
  if (!back) throw new Error(`the memory was not freed within ${RETURN_SECONDS} s`);
}

/** Runs a phase while another client sends PINGs. Returns how long it took, pauses of the server, and latencies. */
async function observe(server: Server, generator: LoadGenerator, phase: () => Promise<unknown>) {
  const load = { kind: 'open', streams: [PROBES], warmUp: WARM_UP_SECONDS, seconds: Infinity } as const;
  const pings = await generator.prepare(server, load);
  const replies = pings.begin();
  await setTimeout(WARM_UP_SECONDS * 1000);
  const begin = performance.now();
  const endWatch = server.watch();
  await Promise.race([phase(), replies]);
  const seconds = (performance.now() - begin) / 1000;
  const runtime = await endWatch();
  pings.end();
  const { latency } = await replies;
  return { seconds, ...runtime, latency };
}
