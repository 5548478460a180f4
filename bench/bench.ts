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
 * respite beside Redis: what each act of an application costs the server, what a session costs in memory, how long
 * clients wait, and how all that grows. The same load generator drives both, in turns.
 */

const NOTES = `
Figures are medians of the rounds, in which the servers take turns. × is the multiple of Redis' figure: the median of what
it is within each round, which is not quite the quotient of the medians.
CPU is user and system time of all the server's threads per act. For Redis an act that extends is two commands, sent
together. 20 connections keep "depth" acts in flight each. "generator %" is what the load generator took of one of the
machine's processors: near 100 it, not the server, limits acts/s. Latencies of acts count from when each was sent, as
always at full load; those of the tail count from when an act was due, sent late or not.`;

interface Options {
  readonly quick?: true;
  readonly peer?: readonly Address[];
}

const program = new Command('bench')
  .description('Measures respite beside redis-server: CPU, acts per second, memory, latency, growth.')
  .option('--quick', 'smaller and shorter, two and a half minutes: rough figures, soon')
  .option(
    '--peer <host:port>',
    'measure this server as well; can be given again. All that it holds is REMOVED',
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
  console.log(`\nWritten: ${written.join(', ')}`);
}
