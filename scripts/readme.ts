import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { documentPart } from '../bench/report.js';
import { readResults } from '../bench/results.js';
import { type Command, usageOf } from '../src/commands/declaration/command.js';
import { commands } from '../src/commands/table.js';
import { describeDefault, OPTIONS, type OptionGroup, optionNames } from '../src/config.js';
import { INCIDENT_KINDS } from '../src/log/incident-kinds.js';
import { LOG_EVENTS } from '../src/log/log-events.js';
import type { MetricGroup } from '../src/metrics/metric.js';
import { METRIC_GROUPS } from '../src/metrics/table.js';

/**
 * Writes the tables of commands, options, events of the log and metrics in docs/ from their declarations, and those of
 * figures from the committed results of the benchmark.
 *
 *     npm run readme
 */

const GROUPS: Record<Command['group'], string> = {
  session: 'Sessions',
  'session-data': 'Session data',
  generic: 'Keys',
  string: 'Strings',
  hash: 'Hashes',
  set: 'Sets',
  'sorted-set': 'Sorted sets',
  stream: 'The stream of session events',
  json: 'JSON',
  pubsub: 'Pub/sub',
  transactions: 'Transactions',
  scripting: 'Scripts',
  connection: 'Connection',
  server: 'Server',
};

/**
 * The pages with generated parts. Each is between `<!-- generated -->` and `<!-- /generated -->`. If a page has several,
 * each has a name: `<!-- generated: cpu -->`.
 */
export const GENERATED: Record<string, (part: string) => string> = {
  'README.md': (part) => documentPart(readResults(), part),
  'docs/performance.md': (part) => documentPart(readResults(), part),
  'docs/commands.md': () => {
    const groups = Object.keys(GROUPS) as Command['group'][];
    return groups.map(commandTable).join('\n\n');
  },
  'docs/options.md': () => {
    const groups = [...new Set(optionNames.map((name) => OPTIONS[name].group))];
    return groups.map(optionTable).join('\n\n');
  },
  'docs/logging.md': () => `${incidentTable()}\n\n${eventTable()}`,
  'docs/metrics.md': () => METRIC_GROUPS.map(metricTable).join('\n\n'),
};

/** Returns the text of a page with its generated parts replaced. */
export function render(page: string, text: string): string {
  const parts = /(<!-- generated(?:: (\w+))? -->\n).*?(<!-- \/generated -->)/gs;
  if (text.search(parts) === -1) throw new Error(`${page} has no part <!-- generated -->`);
  return text.replace(parts, (_, open: string, part: string, close: string) => {
    return `${open}\n${GENERATED[page](part)}\n\n${close}`;
  });
}

function commandTable(group: Command['group']): string {
  const rows = commands.filter((command) => command.group === group).flatMap(commandRows);
  return `## ${GROUPS[group]}\n\n| command | what it does | reply |\n|---|---|---|\n${rows.join('\n')}`;
}

function commandRows(command: Command): string[] {
  const { name, subcommands = [] } = command;
  const rows = command.subcommands !== undefined && command.run === undefined ? [] : [commandRow(name, command)];
  return [...rows, ...subcommands.map((subcommand) => commandRow(`${name} ${subcommand.name}`, subcommand))];
}

function commandRow(name: string, command: Command): string {
  const usage = `${name.toUpperCase()} ${usageOf(command.arguments)}`.trimEnd();
  return `| \`${escapeCell(usage)}\` | ${escapeCell(command.summary)} | ${escapeCell(command.reply)} |`;
}

function incidentTable(): string {
  const rows = Object.entries(INCIDENT_KINDS).map(
    ([event, { when, title, quiet }]) => `| \`${event}\` | ${when} | ${title} | ${quiet / 1000} s |`,
  );
  const head = '| event | it begins when | what its later lines call it | over after |\n|---|---|---|---|';
  return `### Events of incidents\n\n${head}\n${rows.join('\n')}`;
}

function eventTable(): string {
  const rows = Object.entries(LOG_EVENTS).map(
    ([event, { levels, says }]) => `| \`${event}\` | ${levels.join(', ')} | ${escapeCell(says)} |`,
  );
  return `### Other events\n\n| event | level | what its lines say |\n|---|---|---|\n${rows.join('\n')}`;
}

function optionTable(group: OptionGroup): string {
  const rows = optionNames
    .filter((name) => OPTIONS[name].group === group)
    .map((name) => {
      const initial = describeDefault(name);
      const live = 'live' in OPTIONS[name] ? 'yes' : 'reloads' in OPTIONS[name] ? 'reload' : '';
      return `| \`--${name}\` | ${initial === '' ? '' : `\`${initial}\``} | ${live} | ${escapeCell(OPTIONS[name].help)} |`;
    });
  return `## ${group}\n\n| option | default | live | what it does |\n|---|---|---|---|\n${rows.join('\n')}`;
}

function metricTable({ title, metrics }: MetricGroup): string {
  const rows = metrics.map(({ name, type, labels = [], help }) => {
    const names = labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${names} | ${escapeCell(help)} |`;
  });
  return `### ${title}\n\n| metric | type | labels | what it shows |\n|---|---|---|---|\n${rows.join('\n')}`;
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const page of Object.keys(GENERATED)) {
    const file = fileURLToPath(new URL(`../${page}`, import.meta.url));
    writeFileSync(file, render(page, readFileSync(file, 'utf8')));
  }
}
