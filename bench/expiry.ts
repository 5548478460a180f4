import { Command, InvalidArgumentError, Option } from 'commander';
import { type Findings, type Load, measure } from './expiry/measure.js';
import { redis } from './expiry/redis.js';
import { formatFindings, formatGoals, type Goal, GRADUAL_GOALS, SUDDEN_GOALS } from './expiry/report.js';
import { respite } from './expiry/respite.js';
import { describeMachine } from './machine.js';
import { requireProgram } from './processes.js';

/**
 * How late the events of expired sessions reach who listens for them, and how long other clients wait meanwhile: many
 * sessions due evenly over a minute, then as many due within a second, on respite and on Redis one after the other.
 */

const NOTES = `
Lateness is from a session's deadline to when the subscriber reads its event; each event is held against its own deadline.
The second client sends on the clock, answered or not, and a latency counts from when the command was due to be sent:
"sent late" is how much of that is the client's own, on a machine that it shares with the server. It reads replies every
0.2 ms. It is measured from the first deadline to the last event: where events are late, for longer.`;

interface Settings extends Load {
  readonly scenario: 'minute' | 'second' | 'both';
}

interface Scenario {
  readonly seconds: number;
  readonly goals: readonly Goal[];
}

const program = new Command('bench:expiry')
  .description('Measures how late expired sessions are told of, by respite and by redis-server.')
  .option('--sessions <number>', 'how many sessions (default: 1000000)', positive)
  .option('--seconds <number>', 'over how many they are due in the scenario "minute" (default: 60)', positive)
  .option('--rate <number>', 'commands that a second client sends in a second', positive, 5_000)
  .addOption(
    new Option('--scenario <name>', 'all due over a minute, or in one second')
      .choices(['minute', 'second', 'both'])
      .default('both'),
  )
  .option('--quick', '100000 sessions, a "minute" of 6 seconds: rough figures, soon')
  .allowExcessArguments(false)
  .parse();

try {
  await run(readSettings());
} catch (error) {
  program.error(`error: ${(error as Error).message}`);
}

function positive(text: string): number {
  if (!/^[1-9]\d{0,7}$/.test(text)) throw new InvalidArgumentError('Expected a positive number.');
  return Number(text);
}

function readSettings(): Settings {
  const { quick, ...given } = program.opts<Omit<Settings, 'sessions' | 'seconds'> & Partial<Load> & { quick?: true }>();
  return { ...(quick ? { sessions: 100_000, seconds: 6 } : { sessions: 1_000_000, seconds: 60 }), ...given };
}

async function run({ scenario, ...load }: Settings): Promise<void> {
  const [, redisVersion] = /v=(\S+)/.exec(requireProgram('redis-server', 'redis-server')) ?? [];
  console.log(`respite beside Redis ${redisVersion}: ${describeMachine()}`);
  console.log(`Sessions: ${load.sessions}, of one key each. A second client sends ${load.rate} commands a second.`);
  if (scenario !== 'second') await compare(load, { seconds: load.seconds, goals: GRADUAL_GOALS });
  if (scenario !== 'minute') await compare(load, { seconds: 1, goals: SUDDEN_GOALS });
  console.log(NOTES);
}

async function compare(load: Load, { seconds, goals }: Scenario): Promise<void> {
  const findings: Findings[] = [];
  for (const [name, contender] of Object.entries({ respite, Redis: redis })) {
    process.stderr.write(`${name}, all due over ${seconds} s …\n`);
    findings.push(await measure(contender(), { ...load, seconds }));
  }
  console.log(`\nDue evenly over ${seconds} s\n\n${formatFindings(findings)}`);
  const [ofRespite] = findings;
  console.log(`\n${formatGoals(goals, ofRespite)}`);
  if (ofRespite.missing > 0 || ofRespite.twice > 0) {
    throw new Error(`respite: ${ofRespite.missing} events did not come, ${ofRespite.twice} came more than once`);
  }
}
