import { Command, InvalidArgumentError } from 'commander';
import { version } from '../src/version.js';
import type { Comparison } from './comparison.js';
import { peer, respite, versionOf } from './contender.js';
import { Figures } from './figures.js';
import { LoadGenerator } from './load/generator.js';
import { describeMachine, readMachine } from './machine.js';
import { measureGrowth } from './parts/growth.js';
import { measureJournal } from './parts/journal.js';
import { measureLateness } from './parts/lateness.js';
import { measureMemory } from './parts/memory.js';
import { measureOperations } from './parts/operations.js';
import { measureRates } from './parts/rates.js';
import { measureScripts } from './parts/scripts.js';
import { measureTail } from './parts/tail.js';
import { FULL, QUICK } from './plan.js';
import { killRunning } from './processes.js';
import { formatRelations, formatTables } from './report.js';
import { readCommit, writeResults } from './results.js';

/**
 * Compares respite with Redis, Valkey and others: how late sessions expire, the server's CPU for each operation of an
 * application, the memory of a session, the latency of clients, the cost of a journal, and how these figures grow. One
 * load generator drives all servers, which take turns.
 */

const PARTS: Readonly<Record<string, (run: Comparison) => Promise<void>>> = {
  operations: measureOperations,
  scripts: measureScripts,
  rates: measureRates,
  memory: measureMemory,
  lateness: measureLateness,
  tail: measureTail,
  growth: measureGrowth,
  journal: measureJournal,
};

const NOTES = `
Figures are medians of several rounds. "× best" is respite's figure as a multiple of that of the best peer: the median of
the rounds' ratios, with the lowest and the highest in parentheses. The best peer is the one with the best median.
"~" marks figures during which other processes took more than a tenth of a core, although they were repeated.
CPU is the user and system time of all threads of the server. What one command of respite does takes several in Redis and
Valkey, which are sent together. 20 connections keep "depth" operations in flight each. If the load generator is at 100 %
of a core, it limits the operations per second, not the server. Latencies count from the time a request was due.`;

/** A name for the tables, and what it names: a checkout, or the command that starts a server. */
type Named = readonly [name: string, value: string];

interface Options {
  readonly quick?: true;
  readonly node?: readonly string[];
  readonly build?: readonly Named[];
  readonly peer?: readonly Named[];
  readonly rounds?: number;
  readonly only?: readonly string[];
}

const program = new Command('bench')
  .description(
    "Compares respite with other servers: lateness, CPU, memory, latency, growth. Debian's redis-server takes part if it is installed.",
  )
  .option('--quick', 'rough figures in four minutes, from fewer, smaller and shorter rounds')
  .option(
    '--node <path>',
    'run respite under this Node.js (repeatable; the first is compared in every part)',
    collect((path) => path),
  )
  .option(
    '--build <name=checkout>',
    "compare with the respite that was built in this checkout, under the first Node.js (repeatable), instead of with Debian's redis-server, and write no results",
    collect(parseNamed),
  )
  .option(
    '--peer <name=command>',
    'also measure the server that this command starts (repeatable); see scripts/peers.sh',
    collect(parseNamed),
  )
  .option(
    '--rounds <number>',
    'how often to measure what takes little time (5 by default, 2 with --quick)',
    parseRounds,
  )
  .option(
    '--only <parts>',
    `measure only these parts (comma-separated: ${Object.keys(PARTS).join(', ')}), and write no results`,
    parseParts,
  )
  .allowExcessArguments(false)
  .parse();

try {
  await run(program.opts<Options>());
} catch (error) {
  program.error(`error: ${(error as Error).message}`);
}

/** Lets an option be given several times. */
function collect<Value>(parse: (text: string) => Value) {
  return (text: string, all: readonly Value[] = []) => [...all, parse(text)];
}

function parseNamed(text: string): Named {
  const [, name, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('Expected a name, =, and a value.');
  return [name, value];
}

function parseRounds(text: string): number {
  const rounds = Number(text);
  if (!Number.isInteger(rounds) || rounds < 1) throw new InvalidArgumentError('Expected a positive whole number.');
  return rounds;
}

function parseParts(text: string): string[] {
  const parts = text.split(',');
  for (const part of parts) {
    if (!(part in PARTS)) throw new InvalidArgumentError(`There is no part ${part}.`);
  }
  return parts;
}

async function run(options: Options): Promise<void> {
  const { quick, node = [process.execPath], build = [], peer: given = [], rounds, only } = options;
  const onNodes = node.map((path) => respite(path, `respite (Node ${versionIn(path)})`));
  const builds = build.map(([name, checkout]) => respite(node[0], `${name} (Node ${versionIn(node[0])})`, checkout));
  for (const { command } of builds) versionIn(command.join(' '));
  const subjects = [...onNodes, ...builds];
  const takesPart = builds.length === 0 && versionOf('redis-server') !== undefined;
  const debian = takesPart ? [['Redis', 'redis-server'] as const] : [];
  const peers = [...debian, ...given].map(([name, command]) => peer(`${name} ${versionIn(command)}`, command));
  const names = [...subjects, ...peers].map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) < index);
  if (repeated !== undefined) throw new Error(`two servers are named ${repeated}`);
  const machine = readMachine();
  console.log(describeMachine(machine));

  const figures = new Figures();
  const plan = quick ? QUICK : FULL;
  const parts = only ?? Object.keys(PARTS);
  const began = performance.now();
  for (const [index, part] of parts.entries()) {
    const generator = await LoadGenerator.start();
    try {
      await PARTS[part]({
        plan: { ...plan, rounds: rounds ?? plan.rounds },
        contenders: [...subjects, ...peers],
        main: [subjects[0], ...builds, ...peers],
        generator,
        figures,
        progress: (step) => progress(`${part} (${index + 1} of ${parts.length}): ${step}`, performance.now() - began),
      });
    } catch (error) {
      // Run the other parts anyway.
      process.exitCode = 1;
      console.error(`\nerror: ${part} failed: ${(error as Error).stack}`);
      killRunning();
    } finally {
      generator.stop();
    }
  }

  const results = {
    machine,
    command: commandLine(),
    respite: `${version} (${readCommit()})`,
    subjects: subjects.map(({ name }) => name),
    peers: peers.map(({ name }) => name),
    figures: figures.summarize(peers.map(({ name }) => name)),
  };
  console.log(`\n${formatTables(results)}\n${NOTES}`);
  for (const { name } of builds)
    console.log(`\n${formatRelations(subjects[0].name, name, figures.relate(subjects[0].name, name))}`);
  if (only !== undefined || builds.length > 0) return;
  console.log(`\nResults are in ${writeResults(quick ? 'quick' : 'full', results).join(' and ')}`);
}

/** Returns the command of this run, without the folders of this machine. */
function commandLine(): string {
  const words = process.argv.slice(2).map((word) => word.replace(/(^|=)[^=\s]*\//, '$1'));
  return ['npm run bench', ...(words.length === 0 ? [] : ['--', ...words])].join(' ');
}

/** @throws Error if the program does not say its version. */
function versionIn(command: string): string {
  const found = versionOf(command);
  if (found === undefined) throw new Error(`\`${command} --version\` prints no version`);
  return found;
}

/**
 * Shows a step on a terminal in place of the last one, and otherwise (in a CI log, for example) on a line of its own.
 */
function progress(step: string, ms: number): void {
  const line = `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, '0')} ${step}`;
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[2K${line}` : `${line}\n`);
}
