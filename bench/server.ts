import { Command, InvalidArgumentError } from 'commander';
import { describeMachine } from './machine.js';
import { type Probe, type Probes, prepareProbes } from './probes.js';
import { requireProgram, startRedis, startRespite } from './processes.js';
import { requestsPerSecond } from './redis-benchmark.js';
import { formatTable } from './table.js';

/**
 * respite beside Redis in one run, under redis-benchmark: what a request costs the server, and how many are served.
 */

const DEPTHS = [1, 16, 64];
/** A pipelined request is so cheap that the clock of /proc, in ticks of 10 ms, needs more of them to tell. */
const PIPELINED = 10;

const NOTES = `
Medians of the rounds; the servers take turns. A ratio is respite / Redis: above 1 is better for req/s, below 1 for CPU.
CPU is user and system time of all the server's threads per request. req/s depends on redis-benchmark too, which runs on
the same machine and at depth 1 is often what is slowest.
SESSION.GET is of a session with EXTEND GET, SESSION.SET of one with EXTEND SET: each starts the session's duration again,
for which Redis needs two commands. redis-benchmark sends one command at a time, so HGET + EXPIRE and HSET + EXPIRE are
measured apart and added: the CPU of both, and as many pairs per second as both would let through.
One session and one hash are used all the time, with the same four keys: this compares the way of a request, not memory.`;

interface Figures {
  readonly perSecond: number;
  /** Of the server's processor time, in µs per request. */
  readonly cpu: number;
}
/** A probe's figures, a pair from each round. */
type Rounds = Map<Probe, Figures[]>;

interface Settings {
  readonly rounds: number;
  readonly requests: number;
}

const program = new Command('bench:server')
  .description('Measures respite beside redis-server with redis-benchmark.')
  .option('--rounds <number>', 'times that everything is measured (default: 5)', positive)
  .option('--requests <number>', `requests in a run, pipelined ${PIPELINED} times as many (default: 100000)`, positive)
  .option('--quick', 'one round of 20000: rough figures, soon')
  .allowExcessArguments(false)
  .parse();

try {
  await run(readSettings());
} catch (error) {
  program.error(`error: ${(error as Error).message}`);
}

function positive(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Expected a positive number.');
  return Number(text);
}

function readSettings(): Settings {
  const { quick, ...given } = program.opts<Partial<Settings> & { quick?: true }>();
  return { ...(quick ? { rounds: 1, requests: 20_000 } : { rounds: 5, requests: 100_000 }), ...given };
}

async function run(settings: Settings): Promise<void> {
  requireProgram('redis-benchmark', 'redis-tools');
  const [, redisVersion] = /v=(\S+)/.exec(requireProgram('redis-server', 'redis-server')) ?? [];
  const respite = await startRespite();
  const redis = await startRedis();
  const probes = await prepareProbes(respite, redis);
  await warmUp(probes, settings);
  console.log(`respite beside Redis ${redisVersion}: ${describeMachine()}`);
  console.log(
    `Rounds: ${settings.rounds}. Requests in a run: ${settings.requests}, pipelined ${PIPELINED} times as many.`,
  );
  for (const depth of DEPTHS) {
    const rounds = await measureRounds(probes, depth, settings);
    console.log(`\n${report(probes, rounds, depth)}`);
  }
  console.log(NOTES);
  await Promise.all([respite.stop(), redis.stop()]);
}

/** V8 compiles what runs often: none of the rounds should pay for that. */
async function warmUp(probes: Probes, { requests }: Settings): Promise<void> {
  for (const probe of Object.values(probes)) await measure(probe, 16, requests * PIPELINED);
}

async function measureRounds(probes: Probes, depth: number, settings: Settings): Promise<Rounds> {
  const requests = depth === 1 ? settings.requests : settings.requests * PIPELINED;
  const rounds: Rounds = new Map(Object.values(probes).map((probe) => [probe, []]));
  for (let round = 1; round <= settings.rounds; round++) {
    process.stderr.write(`depth ${depth}, round ${round} of ${settings.rounds} …\n`);
    for (const [probe, figures] of rounds) figures.push(await measure(probe, depth, requests));
  }
  return rounds;
}

async function measure({ server, command }: Probe, depth: number, requests: number): Promise<Figures> {
  const before = server.cpuSeconds();
  const perSecond = await requestsPerSecond({ port: server.port, command, depth, requests });
  return { perSecond, cpu: ((server.cpuSeconds() - before) / requests) * 1e6 };
}

function report(probes: Probes, rounds: Rounds, depth: number): string {
  const { ping, redisPing, get, hget, set, hset, expire } = probes;
  const of = (probe: Probe) => typical(rounds.get(probe) ?? []);
  const header = [`pipeline depth ${depth}`, 'req/s', 'Redis', 'ratio', 'CPU µs', 'Redis', 'ratio'];
  return formatTable(header, [
    row('PING', of(ping), of(redisPing)),
    row('SESSION.GET : HGET', of(get), of(hget)),
    row('SESSION.GET : HGET + EXPIRE', of(get), both(of(hget), of(expire))),
    row('SESSION.SET : HSET', of(set), of(hset)),
    row('SESSION.SET : HSET + EXPIRE', of(set), both(of(hset), of(expire))),
  ]);
}

function row(act: string, respite: Figures, redis: Figures): string[] {
  return [
    act,
    respite.perSecond.toFixed(0),
    redis.perSecond.toFixed(0),
    (respite.perSecond / redis.perSecond).toFixed(2),
    respite.cpu.toFixed(2),
    redis.cpu.toFixed(2),
    (respite.cpu / redis.cpu).toFixed(2),
  ];
}

/** What two commands take, one after the other. */
function both(first: Figures, second: Figures): Figures {
  return { perSecond: 1 / (1 / first.perSecond + 1 / second.perSecond), cpu: first.cpu + second.cpu };
}

function typical(figures: readonly Figures[]): Figures {
  return { perSecond: median(figures.map(({ perSecond }) => perSecond)), cpu: median(figures.map(({ cpu }) => cpu)) };
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}
