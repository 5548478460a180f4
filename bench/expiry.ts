import { Command } from 'commander';
import { Redis } from 'ioredis';
import { describeMachine } from './machine.js';
import { requireProgram, type ServerProcess, startRedis, startRespite } from './processes.js';
import { formatTable } from './table.js';

/**
 * How late sessions go: many of them due evenly over some seconds, on respite and on Redis one after the other.
 *
 * DBSIZE is asked again and again; the k-th session to go was gone at the latest at the first answer that says so,
 * and that instant is held against the k-th deadline. Redis publishes a key's `expired` event when it deletes the
 * key, so this is also how late its events are.
 *
 *     npm run bench:expiry -- --sessions 1000000 --seconds 60
 */

interface Load {
  /** How many sessions. */
  sessions: number;
  /** Over how many seconds their deadlines are spread. */
  seconds: number;
}

/** Sessions filled in at a time: few, because a request that waits behind others starts its duration late. */
const BATCH = 200;
/** From the last session made to the first one due: time for both servers to come to rest, in ms. */
const REST = 2_000;
/** Filling takes at most so long per session on either server, in ms: deadlines must lie behind it. */
const FILL_MS_PER_SESSION = 0.12;
const QUANTILES = [0.5, 0.9, 0.99, 1];

const program = new Command('bench:expiry')
  .description('How late sessions go at their deadlines, on respite and on Redis.')
  .option('--sessions <number>', 'how many sessions', Number, 1_000_000)
  .option('--seconds <number>', 'spread their deadlines over so many seconds', Number, 60)
  .parse();
const load = program.opts<Load>();

async function main(): Promise<void> {
  const redisVersion = /v=([\d.]+)/.exec(requireProgram('redis-server', 'redis-server'))?.[1];
  console.log(`${load.sessions} sessions due evenly over ${load.seconds} s; 1 key of 5 bytes each`);
  console.log(`${describeMachine()}, Redis ${redisVersion}\n`);
  const rows: string[][] = [];
  for (const [start, fill] of [
    [startRespite, fillRespite],
    [startRedis, fillRedis],
  ] as const) {
    const server = await start();
    const lateness = await measure(server, fill);
    await server.stop();
    rows.push([server.name, ...QUANTILES.map((share) => lateness[Math.ceil(lateness.length * share) - 1].toFixed(1))]);
  }
  console.log(formatTable(['ms late', 'p50', 'p90', 'p99', 'max'], rows));
}

type Fill = (redis: Redis, session: number, due: number) => Promise<unknown>;

/** In respite the duration counts from when the server has the request, a little later than here. */
const fillRespite: Fill = async (redis, session, due) => {
  const token = (await redis.call('SESSION.NEW', [`user:${session}`, 0, 'DATA', 'key', 'value'])) as string;
  return redis.call('SESSION.PEXPIRE', [token, Math.max(1, Math.round(due - Date.now()))]);
};

const fillRedis: Fill = (redis, session, due) =>
  Promise.all([redis.hset(`user:${session}`, 'key', 'value'), redis.pexpireat(`user:${session}`, Math.round(due))]);

/** How late each session went, in ms, sorted. */
async function measure(server: ServerProcess, fill: Fill): Promise<Float64Array> {
  const redis = new Redis(server.port, { protocol: 2 });
  const begin = Date.now() + load.sessions * FILL_MS_PER_SESSION + REST;
  const due = (session: number) => begin + (session * load.seconds * 1000) / load.sessions;
  for (let first = 0; first < load.sessions; first += BATCH) {
    const count = Math.min(BATCH, load.sessions - first);
    await Promise.all(Array.from({ length: count }, (_, i) => fill(redis, first + i, due(first + i))));
  }
  if (Date.now() > begin) throw new Error(`filling ${server.name} took too long: give fewer sessions`);

  const lateness = new Float64Array(load.sessions);
  for (let gone = 0; gone < load.sessions; ) {
    const left = await redis.dbsize();
    const now = Date.now();
    for (; gone < load.sessions - left; gone++) lateness[gone] = now - due(gone);
  }
  redis.disconnect();
  return lateness.sort();
}

try {
  await main();
} catch (error) {
  program.error(`error: ${(error as Error).message}`);
}
