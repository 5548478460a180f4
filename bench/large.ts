import { setTimeout } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { LoadGenerator } from './load/generator.js';
import { describeMachine } from './machine.js';
import { MixedSessions } from './mixed-sessions.js';
import { type RuntimeFindings, respite } from './server.js';
import { TYPICAL } from './sessions.js';
import { formatTable } from './table.js';

/**
 * Creates, uses and ends gigabytes of sessions from 100 bytes to 1 MB. Shows whether V8's collector or anything else
 * delays other clients meanwhile, whether the data is what was sent, and whether the memory is freed.
 */

const NOTES = `
A second client sends a PING every millisecond, without waiting for replies. "waited" is the time from when it was due until its reply was read.
It shares the machine's cores with the server and with the client that fills it. Memory is in GB of 10^9 bytes, at the end of each phase.`;

/** The longest collection that is allowed, in ms. */
const LONGEST_COLLECTION = 10;
/** How many bytes more than the empty server V8 may keep: it decides how its young generation grows and shrinks. */
const LEFT_BYTES = 64e6;
/** The seconds in which sessions are used, and in which memory may be freed. */
const USE_SECONDS = 20;
const RETURN_SECONDS = 60;
/** The share of the sessions that is read to verify its data. */
const READ_SHARE = 1 / 8;
const PROBES_PER_SECOND = 1000;
const WARM_UP_SECONDS = 1.5;
const GB = 1e9;
const HEADER = [
  '',
  's',
  'collections',
  `> ${LONGEST_COLLECTION} ms`,
  'longest ms',
  'loop delay ms',
  'waited p99',
  'max',
  'sessions',
  'data GB',
  'used_memory',
  'RSS',
];

interface Settings {
  readonly gb: number;
}

const program = new Command('bench:large')
  .description('Fills respite with sessions of 100 bytes to 1 MB, uses and ends them, and measures pauses and memory.')
  .option('--gb <number>', 'gigabytes of keys and values; the machine needs a quarter more memory', positive, 16)
  .allowExcessArguments(false)
  .parse();

try {
  await run(program.opts<Settings>());
} catch (error) {
  program.error(`error: ${(error as Error).message}`);
}

function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new InvalidArgumentError('Expected a positive number.');
  return number;
}

async function run({ gb }: Settings): Promise<void> {
  console.log(`${gb} GB of sessions: ${describeMachine()}`);
  const server = await respite().start({ watched: true, options: ['--maxmemory', '0'] });
  const { port, dialect } = server;
  const generator = await LoadGenerator.start();
  const sessions = new MixedSessions(port);

  const rows: string[][] = [];
  const measure = async (name: string, phase: () => Promise<void>): Promise<RuntimeFindings> => {
    process.stderr.write(`${name} …\n`);
    const ping = { operation: 'ping', shape: TYPICAL, count: 1, sample: 1 } as const;
    const streams = [{ work: ping, connections: 1, perSecond: PROBES_PER_SECOND }];
    const loop = { warmUp: WARM_UP_SECONDS, seconds: Infinity };
    const pings = await generator.prepare<'open'>({ kind: 'open', port, dialect, streams, loop });
    const replies = pings.begin();
    await setTimeout(WARM_UP_SECONDS * 1000);
    const begin = performance.now();
    const endWatch = server.watch();
    await Promise.race([phase(), replies]);
    const seconds = (performance.now() - begin) / 1000;
    const runtime = await endWatch();
    pings.end();
    const { latency } = await replies;
    rows.push([
      name,
      seconds.toFixed(1),
      String(runtime.collections.length),
      String(runtime.collections.filter((ms) => ms > LONGEST_COLLECTION).length),
      longest(runtime.collections).toFixed(1),
      runtime.loopDelay.toFixed(1),
      latency.p99.toFixed(1),
      latency.max.toFixed(1),
      String(sessions.count),
      ...[sessions.bytes, await sessions.usedMemory(), server.residentBytes()].map((bytes) => (bytes / GB).toFixed(2)),
    ]);
    process.stderr.write(`${formatTable(HEADER, rows.slice(-1))}\n`);
    return runtime;
  };

  await sessions.make(64e6);
  await sessions.endAll();
  await setTimeout(3000);
  const emptyBytes = server.residentBytes();
  const phases = [
    await measure('create', () => sessions.make(gb * GB)),
    await measure('use', () => sessions.use(USE_SECONDS)),
    await measure('verify', () => sessions.verify(READ_SHARE)),
    await measure('end', async () => {
      await sessions.endEach();
      for (let second = 0; second < RETURN_SECONDS && !isBack(); second++) await setTimeout(1000);
    }),
  ];
  function isBack(): boolean {
    return server.residentBytes() < emptyBytes + LEFT_BYTES;
  }
  console.log(`\n${formatTable(HEADER, rows)}`);
  console.log(NOTES);
  console.log(
    `The empty server had ${(emptyBytes / 1e6).toFixed(0)} MB, in the end it has ${(server.residentBytes() / 1e6).toFixed(0)} MB.`,
  );
  sessions.close();
  generator.stop();
  const pause = longest(phases.flatMap(({ collections }) => collections));
  const back = isBack();
  await server.stop();
  if (pause > LONGEST_COLLECTION)
    throw new Error(`a collection took ${pause.toFixed(1)} ms, more than ${LONGEST_COLLECTION}`);
  if (!back) throw new Error(`the memory was not freed within ${RETURN_SECONDS} s`);
}

function longest(durations: readonly number[]): number {
  return durations.reduce((most, duration) => Math.max(most, duration), 0);
}
