import { Command, Option } from 'commander';
import { type Findings, type Load, measure } from './expiry/measure.js';
import { redis } from './expiry/redis.js';
import { formatFindings, formatGoals, type Goal, GRADUAL_GOALS, SUDDEN_GOALS } from './expiry/report.js';
import { respite } from './expiry/respite.js';
import { describeMachine } from './machine.js';
import { positive } from './positive.js';
import { requireProgram } from './processes.js';

/**
 * Measures how late a subscriber receives the events of expired sessions, and how long other clients wait meanwhile.
 * Many sessions are due evenly over a minute, then as many within a second, on respite and on Redis one after the
 * other.
 */

const NOTES = `
Lateness is the time from a session's deadline until the subscriber reads its event.
The second client sends at a fixed rate, without waiting for replies, and reads replies every 0.2 ms. Its latencies count
from the time a command was due to be sent. "sent late" is the part that the client itself caused,
because it shares the machine with the server. Latencies are measured from the first deadline to the last event, so for
longer if events are late.`;

interface Settings extends Load {
  readonly scenario: 'minute' | 'second' | 'both';
}

interface Scenario {
  readonly seconds: number;
  readonly goals: readonly Goal[];
}

const program = new Command('bench:expiry')
  .description('Measures how late respite and redis-server notify a subscriber of expired sessions.')
  .option('--sessions <number>', 'number of sessions (default: 1000000)', positive)
  .option('--seconds <number>', 'time over which they are due in the scenario "minute" (default: 60)', positive)
  .option('--rate <number>', 'commands per second of the second client', positive, 5_000)
  .addOption(
    new Option('--scenario <name>', 'all due over a minute, within one second, or both in turn')
      .choices(['minute', 'second', 'both'])
      .default('both'),
  )
  .option('--quick', 'rough figures, from 100000 sessions and a "minute" of 6 seconds')
  .allowExcessArguments(false)
  .parse();

try {
  await run(readSettings());
} catch (error) {
  program.error(`error: ${(error as Error).message}`);
}

function readSettings(): Settings {
  const { quick, ...given } = program.opts<Omit<Settings, 'sessions' | 'seconds'> & Partial<Load> & { quick?: true }>();
  return { ...(quick ? { sessions: 100_000, seconds: 6 } : { sessions: 1_000_000, seconds: 60 }), ...given };
}

async function run({ scenario, ...load }: Settings): Promise<void> {
  const [, redisVersion] = /v=(\S+)/.exec(requireProgram('redis-server', 'redis-server')) ?? [];
  console.log(`respite compared with Redis ${redisVersion}: ${describeMachine()}`);
  console.log(`${load.sessions} sessions with one key each. A second client sends ${load.rate} commands per second.`);
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
    throw new Error(`respite: ${ofRespite.missing} events were missing, ${ofRespite.twice} arrived more than once`);
  }
}
