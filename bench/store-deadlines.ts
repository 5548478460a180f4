import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { Redis } from 'ioredis';
import RedisParser from 'redis-parser';
import { readEvent } from '../src/store/valkey/events/outbox-entry.js';
import { Program } from '../test/tools/program.js';
import { RedisCluster } from '../test/tools/redis-cluster.js';
import { encodeArray } from './load/resp.js';
import { describeMachine } from './machine.js';
import { cpuSecondsOf } from './processes.js';
import { formatTable } from './table.js';

/**
 * Measures whether the sessions of a store expire on time: many sessions due evenly over some seconds in a cluster of
 * three primaries, two respite processes, a subscriber on each. With `--kill`, one of the two is killed half-way.
 *
 * A deadline is what the store has: its score in the due set, in the node's unix ms. All processes are on one machine,
 * so they have the same clock.
 */

/** Sessions that are created, or given their deadlines, in one pipeline. */
const PIPELINE = 100;
/** From when deadlines are set to the first one: so many times as long as it took to create the sessions. */
const LEAD = 2;
/** At least this many ms: nearer deadlines are announced one by one. */
const SHORTEST_LEAD = 10_000;
/** Sessions that are not counted fall due within this many ms before the others. */
const WARM_UP = 5000;
/** If no event arrives for this long after the last deadline, in ms, the missing ones are lost. */
const SILENCE = 8000;
/** Sessions that are read right around their deadlines, per second. */
const READS_PER_SECOND = 200;
const TOKEN_LENGTH = 22;
const DATA = ['user', 'x'.repeat(29), 'cart', 'y'.repeat(29), 'seen', 'z'.repeat(29), 'lang', 'w'.repeat(29)];

interface Options {
  readonly sessions: number;
  readonly seconds: number;
  readonly warmUp: number;
  readonly kill: boolean;
}

const program = new Command('bench:store-deadlines')
  .description('Measures how late the sessions of a store expire.')
  .option('--sessions <number>', 'number of sessions', positive, 100_000)
  .option('--seconds <number>', 'how long they are due one after the other', positive, 10)
  .option('--warm-up <number>', 'sessions that fall due before the others and are not counted', positive, 0)
  .option('--kill', 'kill one of the two processes half-way', false)
  .allowExcessArguments(false)
  .parse();

/** Reads an option that is a whole number from 1 to 9,999,999. */
function positive(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('Expected a positive whole number.');
  return Number(text);
}

async function run({ sessions, seconds, warmUp, kill }: Options): Promise<void> {
  const before = warmUp === 0 ? '' : `, after ${warmUp} others`;
  console.log(`${sessions} sessions due over ${seconds} s${before}${kill ? ', one process killed half-way' : ''}`);
  console.log(describeMachine());
  const cluster = await RedisCluster.start();
  const store = `redis://${cluster.nodes.map(({ address }) => address).join(',')}`;
  const processes = [await Program.start(['--store', store]), await Program.start(['--store', store])];
  try {
    const clients = processes.map(({ port }) => new Redis(port, { connectTimeout: 60_000 }));
    for (const client of clients) client.on('error', () => {});
    const subscribers = await Promise.all(processes.map(({ port }) => Subscriber.to(port)));
    note('creating sessions …');
    const began = Date.now();
    const tokens = await inPipelines(warmUp + sessions, clients, (i) => [
      'SESSION.NEW',
      `user:${i >> 2}`,
      3600,
      'DATA',
      ...DATA,
    ]);
    note('setting their deadlines …');
    const begin = Date.now() + Math.max(SHORTEST_LEAD, LEAD * (Date.now() - began)) + WARM_UP;
    const dueOf = (i: number) =>
      i < warmUp
        ? begin - WARM_UP + Math.floor((i / warmUp) * WARM_UP)
        : begin + Math.floor(((i - warmUp) / sessions) * seconds * 1000);
    await inPipelines(warmUp + sessions, clients, (i) => ['SESSION.PEXPIRE', tokens[i], dueOf(i) - Date.now()]);
    const deadlines = await readDeadlines(cluster);
    if (deadlines.size !== warmUp + sessions) throw new Error(`only ${deadlines.size} sessions have a deadline`);
    for (const token of tokens.slice(0, warmUp)) deadlines.delete(token);
    if (Date.now() > begin - WARM_UP) throw new Error('the machine is too slow: the first are due already');

    const first = Math.min(...deadlines.values());
    const last = Math.max(...deadlines.values());
    await setTimeout(first - Date.now());
    note('they fall due …');
    const cpuBefore = await cpuTimes(cluster, processes);
    const violations = readAround(clients[1], deadlines, last);
    if (kill) {
      await setTimeout((first + last) / 2 - Date.now());
      await processes[0].kill();
    }
    await setTimeout(last - Date.now());
    const live = kill ? subscribers.slice(1) : subscribers;
    const isSilent = () => Date.now() - Math.max(last, ...live.map((one) => one.lastArrival)) > SILENCE;
    while (live.some((one) => one.read().size < warmUp + sessions) && !isSilent()) await setTimeout(100);
    const cpu = (await cpuTimes(cluster, processes)).map((time, i) => time - cpuBefore[i]);
    // For events that arrive twice.
    await setTimeout(1000);

    const rows = live.map((one, i) => row(`subscriber ${kill ? 2 : i + 1}`, deadlines, one.read(), one.twice));
    const outbox = await readOutboxes(cluster);
    rows.push(row('outbox', deadlines, outbox.arrivals, outbox.twice));
    console.log(formatTable(['late, ms', 'missing', 'twice', 'p50', 'p99', 'max'], rows));
    const { wrong, reads } = await violations;
    console.log(`${reads} reads around deadlines, ${wrong} of them successful after the deadline`);
    const names = ['node', 'node', 'node', 'process', 'process', 'this benchmark'];
    console.log(
      formatTable(
        ['CPU until all have arrived', 's', 'µs a session'],
        names.map((name, i) => [name, cpu[i].toFixed(2), ((cpu[i] / sessions) * 1e6).toFixed(1)]),
      ),
    );
  } finally {
    await Promise.all(processes.map((one) => one.kill()));
    await cluster.stop();
  }
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

function row(
  name: string,
  deadlines: ReadonlyMap<string, number>,
  arrivals: ReadonlyMap<string, number>,
  twice: number,
): string[] {
  const counted = [...arrivals].filter(([token]) => deadlines.has(token));
  const late = counted.map(([token, at]) => at - (deadlines.get(token) as number)).sort((a, b) => a - b);
  const quantile = (share: number) => (late[Math.ceil(late.length * share) - 1] ?? Number.NaN).toFixed(0);
  const missing = deadlines.size - counted.length;
  return [name, String(missing), String(twice), quantile(0.5), quantile(0.99), quantile(1)];
}

/** Sends commands through both clients in turn, some at a time. Returns the replies. */
async function inPipelines(
  count: number,
  clients: readonly Redis[],
  command: (i: number) => (string | number)[],
): Promise<string[]> {
  const replies = new Array<string>(count);
  let next = 0;
  const work = async (client: Redis) => {
    while (next < count) {
      const from = next;
      next = Math.min(count, from + PIPELINE);
      const calls = Array.from({ length: next - from }, async (_, i) => {
        const [name, ...args] = command(from + i);
        replies[from + i] = (await client.call(String(name), ...args.map(String))) as string;
      });
      await Promise.all(calls);
    }
  };
  await Promise.all([...clients, ...clients].map(work));
  return replies;
}

/** Returns when each session is due, by token, in unix ms. */
async function readDeadlines(cluster: RedisCluster): Promise<Map<string, number>> {
  const deadlines = new Map<string, number>();
  await eachKey(cluster, 'due', async (node, key) => {
    const due = (await node.call('ZRANGE', key, '0', '-1', 'WITHSCORES')) as string[];
    for (let i = 0; i < due.length; i += 2) deadlines.set(due[i].slice(0, TOKEN_LENGTH), Number(due[i + 1]));
  });
  return deadlines;
}

/** Returns when each session expired according to the outboxes, and how many did more than once. */
async function readOutboxes(cluster: RedisCluster): Promise<{ arrivals: Map<string, number>; twice: number }> {
  const arrivals = new Map<string, number>();
  let twice = 0;
  await eachKey(cluster, 'events', async (node, key) => {
    const entries = (await node.callBuffer('XRANGE', key, '-', '+')) as [Buffer, [Buffer, Buffer]][];
    for (const [, [, payload]] of entries) {
      const { event, token, at } = readEvent(payload);
      if (event !== 'expired') continue;
      if (arrivals.has(token)) twice++;
      else arrivals.set(token, at);
    }
  });
  return { arrivals, twice };
}

/** Visits a key of each partition, with a client of its node. */
async function eachKey(
  cluster: RedisCluster,
  what: string,
  visit: (node: Redis, key: string) => Promise<void>,
): Promise<void> {
  for (const { port } of cluster.nodes) {
    const node = new Redis(port, { protocol: 2 });
    const keys = await node.keys(`respite:{*}:${what}`);
    await Promise.all(keys.map((key) => visit(node, key)));
    node.disconnect();
  }
}

/**
 * Reads the sessions that have just become due, and those that are next. Returns how many reads succeeded that were
 * sent after it.
 */
async function readAround(client: Redis, deadlines: ReadonlyMap<string, number>, end: number) {
  const byTime = [...deadlines].sort((a, b) => a[1] - b[1]);
  let reads = 0;
  let wrong = 0;
  const running: Promise<void>[] = [];
  for (let i = 0; Date.now() < end; ) {
    await setTimeout(1000 / READS_PER_SECOND);
    while (i < byTime.length && byTime[i][1] < Date.now() - 1) i++;
    if (i === byTime.length) break;
    for (const [token, due] of byTime.slice(Math.max(0, i - 1), i + 1)) {
      const sent = Date.now();
      reads++;
      running.push(
        client.call('SESSION.GET', token, 'user').then(
          () => {
            if (sent > due) wrong++;
          },
          () => {},
        ),
      );
    }
  }
  await Promise.all(running);
  return { reads, wrong };
}

/**
 * Returns the processor time of each node, then of each process, then of this one, in seconds; NaN for one that is
 * gone.
 */
async function cpuTimes(cluster: RedisCluster, processes: readonly Program[]): Promise<number[]> {
  const nodes = await Promise.all(
    cluster.nodes.map(async (node) => Number(/process_id:(\d+)/.exec(String(await node.ask('INFO', 'server')))?.[1])),
  );
  return [...nodes, ...processes.map((one) => one.pid), process.pid].map((pid) => {
    try {
      return cpuSecondsOf(pid);
    } catch {
      return Number.NaN;
    }
  });
}

/**
 * A subscriber to the `expired` events of all sessions. It only notes when bytes arrive, and reads them later: the
 * nodes and processes need the processor meanwhile.
 */
class Subscriber {
  /** Events that arrived once more. */
  twice = 0;
  /** When bytes last arrived, in unix ms. */
  lastArrival = 0;
  /** When the first event of each session arrived, by token, in unix ms. */
  readonly #arrivals = new Map<string, number>();
  /** What has not been read yet. */
  readonly #chunks: { readonly at: number; readonly bytes: Buffer }[] = [];
  #readAt = 0;
  readonly #parser = new RedisParser({
    returnReply: (reply) => this.#receive(reply as string[]),
    returnError: (error) => note(error.message),
  });

  static async to(port: number): Promise<Subscriber> {
    const subscriber = new Subscriber();
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.write(encodeArray(['PSUBSCRIBE', '__session__:expired:*']));
    await once(socket, 'data');
    socket.on('data', (bytes) => {
      subscriber.lastArrival = performance.timeOrigin + performance.now();
      subscriber.#chunks.push({ at: subscriber.lastArrival, bytes });
    });
    return subscriber;
  }

  /** Returns when the first event of each session arrived, by token, in unix ms. */
  read(): ReadonlyMap<string, number> {
    for (const { at, bytes } of this.#chunks.splice(0)) {
      this.#readAt = at;
      this.#parser.execute(bytes);
    }
    return this.#arrivals;
  }

  #receive([, , , token]: string[]): void {
    if (this.#arrivals.has(token)) this.twice++;
    else this.#arrivals.set(token, this.#readAt);
  }
}

try {
  await run(program.opts<Options>());
} catch (error) {
  program.error(`error: ${(error as Error).message}`);
}
process.exit();
