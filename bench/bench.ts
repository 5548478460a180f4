import { Command, InvalidArgumentError } from 'commander';
import { actsPart } from './comparison/acts-part.js';
import { type Contender, redis, respite } from './comparison/contender.js';
import { formatEnvironment, readEnvironment } from './comparison/environment.js';
import { expiredPart } from './comparison/expired-part.js';
import { judge } from './comparison/goals.js';
import { growthPart } from './comparison/growth-part.js';
import { runJobs } from './comparison/job.js';
import { journalPart } from './comparison/journal-part.js';
import { memoryPart } from './comparison/memory-part.js';
import { findPeer } from './comparison/peer.js';
import { FULL, QUICK } from './comparison/plan.js';
import { showProgress } from './comparison/progress.js';
import { writeResults } from './comparison/results.js';
import { formatFindings, formatVerdicts } from './comparison/tables.js';
import { tailPart } from './comparison/tail-part.js';
import type { Address } from './load/client.js';
import { LoadGenerator } from './load/generator.js';

/**
 * Compares respite with Redis: the server's CPU for each operation of an application, the memory of a session, the
 * latency of clients, and how these figures grow. The same load generator drives all servers, which take turns.
 */

const NOTES = `
Figures are medians of several rounds; the servers take turns in each. × is the multiple of Redis' figure. It is the
median of each round's ratio, which differs a little from the ratio of the medians.
CPU is the user and system time of all threads of the server, per operation. In Redis an operation that extends a
session is two commands, sent together. 20 connections keep "depth" operations in flight each. "generator %" is the
load generator's share of one core: near 100 the generator, not the server, limits ops/s. Latencies of operations
count from the time a request was sent, under full load. Latencies of the tail count from the time it was due.`;

interface Options {
  readonly quick?: true;
  readonly peer?: readonly Address[];
}

const program = new Command('bench')
  .description('Compares respite with redis-server: CPU, operations per second, memory, latency, growth.')
  .option('--quick', 'rough figures in two and a half minutes, from smaller and shorter rounds')
  .option(
    '--peer <host:port>',
    'also measure this server (repeatable). All data on it is REMOVED',
    (text: string, peers: readonly Address[] = []) => [...peers, parseAddress(text)],
  )
  .allowExcessArguments(false)
  .parse();

try {
  await run(program.opts<Options>());
} catch (error) {
  program.error(`error: ${(error as Error).message}`);
}

function parseAddress(text: string): Address {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || Number(port) > 65535) throw new InvalidArgumentError('Expected HOST:PORT.');
  return { host, port: Number(port) };
}

async function run({ quick, peer = [] }: Options): Promise<void> {
  const plan = quick ? QUICK : FULL;
  const peers = await Promise.all(peer.map(findPeer));
  const environment = readEnvironment(peers.map(({ name }) => name));
  console.log(formatEnvironment(environment));

  const contenders: readonly Contender[] = [respite, redis, ...peers];
  const generator = await LoadGenerator.start();
  const acts = actsPart(generator, contenders, plan);
  const memory = memoryPart(generator, contenders, plan);
  const expired = expiredPart(generator, contenders, plan);
  const tail = tailPart(generator, contenders, plan);
  const growth = growthPart(generator, contenders, plan);
  const journal = journalPart(generator, contenders, plan);
  const jobs = [acts, memory, expired, tail, growth, journal].flatMap((part) => part.jobs);
  const progress = showProgress(jobs);
  try {
    await runJobs(jobs, progress);
  } finally {
    progress.close();
    generator.stop();
  }

  const findings = {
    acts: acts.findings(),
    memory: memory.findings(),
    expired: expired.findings(),
    tail: tail.findings(),
    growth: growth.findings(),
    journal: journal.findings(),
  };
  const verdicts = judge(findings);
  console.log(`\n${formatFindings(findings)}\n\n${formatVerdicts(verdicts)}`);
  console.log(NOTES);
  const written = writeResults(quick ? 'quick' : 'full', { environment, plan, findings, verdicts });
  console.log(`\nResults are in ${written.join(' and ')}`);
}
