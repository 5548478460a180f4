import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { Command } from 'commander';
import { describeMachine } from './machine.js';
import { positive } from './positive.js';
import { freePort, type ServerProcess, startRespite } from './processes.js';
import { formatTable } from './table.js';

/**
 * Measures what the live page costs the server: CPU time with and without watchers, at a million sessions, idle and
 * while sessions come and go. The goal: at most 2 % of a core for ten watchers.
 */

const GOAL = 2;
const WATCHERS = [0, 1, 10, 0];
/** Sessions that are created per second under load. Each expires after two seconds. */
const LOAD_PER_SECOND = 1000;
/** The length of the reply to SESSION.NEW: `$22`, a token, and two line ends. */
const REPLY_BYTES = 29;
const BATCH = 1000;
/** Ms before each measurement, for the server to settle. */
const REST = 3000;

const NOTES = `
CPU time of the server in % of one core. A watcher reads GET /live, as the page does: a snapshot once a second, and
session events up to four times a second. Under load, ${LOAD_PER_SECOND} sessions a second are created and as many expire.
"more" is the difference to the mean of the measurements without watchers.`;

interface Settings {
  readonly sessions: number;
  readonly seconds: number;
}

const program = new Command('bench:watchers')
  .description('Measures how much CPU time watchers of the live page cost.')
  .option('--sessions <number>', 'number of sessions', positive, 1_000_000)
  .option('--seconds <number>', 'length of each measurement', positive, 20)
  .allowExcessArguments(false)
  .parse();

try {
  await run(program.opts<Settings>());
} catch (error) {
  program.error(`error: ${(error as Error).message}`);
}

async function run({ sessions, seconds }: Settings): Promise<void> {
  console.log(`${sessions} sessions: ${describeMachine()}`);
  const http = await freePort();
  const server = await startRespite(undefined, ['--http-port', String(http)]);
  const client = connect({ host: '127.0.0.1', port: server.port, noDelay: true });
  await once(client, 'connect');
  process.stderr.write('creating sessions …\n');
  await fill(client, sessions);

  const rows: string[][] = [];
  for (const load of [0, LOAD_PER_SECOND]) {
    const stopLoad = startLoad(client, load);
    const found: { watchers: number; percent: number; bytes: number }[] = [];
    for (const watchers of WATCHERS) {
      process.stderr.write(`${watchers} watchers, ${load} sessions a second …\n`);
      found.push({ watchers, ...(await measure(server, http, watchers, seconds)) });
    }
    stopLoad();
    const alone = found.filter((each) => each.watchers === 0);
    const base = alone.reduce((sum, { percent }) => sum + percent, 0) / alone.length;
    for (const { watchers, percent, bytes } of found) {
      rows.push([
        load === 0 ? 'idle' : 'under load',
        String(watchers),
        `${percent.toFixed(2)} %`,
        `${(percent - base).toFixed(2)} %`,
        (bytes / 1024).toFixed(1),
      ]);
      if (watchers === 10 && percent - base > GOAL) process.exitCode = 1;
    }
  }
  console.log(formatTable(['', 'watchers', 'CPU', 'more', 'KB/s per watcher'], rows));
  console.log(NOTES);
  client.destroy();
  await server.stop();
}

/** Creates sessions of thousands of names, due in half an hour to an hour, most of them in later rounds of the wheel. */
async function fill(client: Socket, sessions: number): Promise<void> {
  for (let first = 0; first < sessions; first += BATCH) {
    const count = Math.min(BATCH, sessions - first);
    const requests = Array.from({ length: count }, (_, i) => {
      const session = first + i;
      return `SESSION.NEW user:${session % 5000} ${1800 + (session % 1800)} EXTEND GET DATA cart pizza\r\n`;
    });
    client.write(requests.join(''));
    await answers(client, count);
  }
}

/** Waits for the replies to this many SESSION.NEW. */
async function answers(client: Socket, count: number): Promise<void> {
  let left = count * REPLY_BYTES;
  while (left > 0) {
    const [chunk] = (await once(client, 'data')) as [Buffer];
    if (chunk[0] === '-'.charCodeAt(0)) throw new Error(chunk.toString('latin1', 1).split('\r', 1)[0]);
    left -= chunk.length;
  }
}

/** Creates sessions at a steady rate. Returns a function that stops this. */
function startLoad(client: Socket, perSecond: number): () => void {
  const every = 20;
  client.resume();
  const request = 'SESSION.NEW visitor 2\r\n'.repeat((perSecond * every) / 1000);
  const timer = setInterval(() => client.write(request), every);
  return () => clearInterval(timer);
}

/** Returns the CPU time of the server in %, and how many bytes a second each watcher received. */
async function measure(server: ServerProcess, http: number, watchers: number, seconds: number) {
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
