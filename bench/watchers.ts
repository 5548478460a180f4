import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { respite } from './contender.js';
import { LoadGenerator } from './load/generator.js';
import { describeMachine } from './machine.js';
import { freePort, Server } from './server.js';
import { TYPICAL } from './sessions.js';
import { median } from './statistics.js';
import { formatTable } from './table.js';

/**
 * Measures what the live page costs the server: CPU time with and without watchers, at a million sessions, idle and
 * while sessions come and go. The goal: at most 2 % of a core for ten watchers.
 */

const GOAL = 2;
const WATCHERS = [0, 1, 10];
/** How often each number of watchers is measured, in turn. */
const ROUNDS = 3;
/** Sessions that are created per second under load. Each expires after two seconds. */
const LOAD_PER_SECOND = 1000;
/** Ms before each measurement, for the server to settle. */
const REST = 3000;
/** Ms of load with watchers before the measurements, so that compiling the code is not part of them. */
const WARM_UP = 10_000;

const NOTES = `
CPU time of the server in % of one core. A watcher reads GET /live, as the page does: a snapshot once a second, and
session events up to four times a second. Under load, ${LOAD_PER_SECOND} sessions a second are created and as many expire.
Each figure is the median of ${ROUNDS} measurements; "more" is the difference to none watching.`;

const program = new Command('bench:watchers')
  .description('Measures how much CPU time watchers of the live page cost.')
  .option('--sessions <number>', 'number of sessions', positive, 1_000_000)
  .option('--seconds <number>', 'length of each measurement', positive, 20)
  .allowExcessArguments(false)
  .parse();

try {
  await run(program.opts<{ sessions: number; seconds: number }>());
} catch (error) {
  program.error(`error: ${(error as Error).message}`);
}

/** Reads an option that is a whole number from 1 to 99,999,999. */
function positive(text: string): number {
  if (!/^[1-9]\d{0,7}$/.test(text)) throw new InvalidArgumentError('Expected a positive whole number.');
  return Number(text);
}

async function run({ sessions, seconds }: { readonly sessions: number; readonly seconds: number }): Promise<void> {
  console.log(`${sessions} sessions: ${describeMachine()}`);
  const http = await freePort();
  const server = await Server.start(respite(), { options: ['--http-port', String(http)] });
  const generator = await LoadGenerator.start();
  process.stderr.write('creating sessions …\n');
  // 200 for each name, due within an hour, most of them in later rounds of the wheel.
  const shape = { ...TYPICAL, ttl: 3600, spread: true, perName: 200 } as const;
  await generator.fill(server, { operation: 'create', shape, count: sessions });

  const rows: string[][] = [];
  for (const load of ['idle', 'under load']) {
    // Twice as many as all measurements of the loop take.
    const longest = WARM_UP / 1000 + ROUNDS * WATCHERS.length * (seconds + REST / 1000);
    const count = 2 * LOAD_PER_SECOND * longest;
    const work = { operation: 'login', shape: { ...TYPICAL, ttl: 2 }, first: sessions, count } as const;
    const streams = load === 'idle' ? [] : [{ work, connections: 1, perSecond: LOAD_PER_SECOND }];
    const logins = await generator.prepare(server, { kind: 'open', streams, warmUp: 0, seconds: Infinity });
    const answered = logins.begin();
    // Lets the server compile what the measurements run.
    await measure(server, http, 10, WARM_UP / 1000);
    const found = WATCHERS.map((watchers) => ({ watchers, percent: [] as number[], bytes: [] as number[] }));
    for (let round = 1; round <= ROUNDS; round++) {
      for (const { watchers, percent, bytes } of found) {
        process.stderr.write(`round ${round}: ${watchers} watchers, ${load} …\n`);
        const measured = await measure(server, http, watchers, seconds);
        percent.push(measured.percent);
        bytes.push(measured.bytes);
      }
    }
    logins.end();
    await answered;
    const base = median(found[0].percent);
    for (const { watchers, percent, bytes } of found) {
      const more = median(percent) - base;
      const cpu = [median(percent), more].map((figure) => `${figure.toFixed(2)} %`);
      rows.push([load, String(watchers), ...cpu, (median(bytes) / 1024).toFixed(1)]);
      if (watchers === 10 && more > GOAL) process.exitCode = 1;
    }
  }
  console.log(formatTable(['', 'watchers', 'CPU', 'more', 'KB/s per watcher'], rows));
  console.log(NOTES);
  generator.stop();
  await server.stop();
}

/** Returns the CPU time of the server in %, and how many bytes a second each watcher received. */
async function measure(server: Server, http: number, watchers: number, seconds: number) {
  const streams = await Promise.all(Array.from({ length: watchers }, () => watch(http)));
  await setTimeout(REST);
  const [cpu, began] = [server.cpuSeconds(), performance.now()];
  let bytes = 0;
  for (const stream of streams) {
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
  }
  await setTimeout(seconds * 1000);
  const passed = (performance.now() - began) / 1000;
  const percent = (100 * (server.cpuSeconds() - cpu)) / passed;
  for (const stream of streams) stream.destroy();
  return { percent, bytes: bytes / passed / Math.max(1, watchers) };
}

async function watch(port: number): Promise<IncomingMessage> {
  const request = get({ host: '127.0.0.1', port, path: '/live', agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => {});
  request.on('error', () => {});
  if (response.statusCode !== 200) throw new Error(`/live answers with ${response.statusCode}`);
  return response.resume();
}
