import { type Figure, findFigure, MEASURES, type Measure } from './figures.js';
import { judge, type Verdict } from './goals.js';
import { describeMachine } from './machine.js';
import { ALONE } from './parts/lateness.js';
import { A_NAME_EACH } from './parts/memory.js';
import { DEPTHS, ROWS } from './parts/operations.js';
import type { Results } from './results.js';
import type { Spread } from './statistics.js';
import { formatTable } from './table.js';

/** The tables of a run, for a terminal and for the documents. */

interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Tables that have a row for each of these figures of a part. */
interface PlainTable {
  readonly part: string;
  readonly measures: readonly Measure[];
  /** All by default. */
  readonly operations?: readonly string[];
  /** Whether to show multiples of the best peer's figures. */
  readonly compares?: true;
}

const PLAIN_TABLES: Readonly<Record<string, PlainTable>> = {
  costs: { part: 'operations', measures: ['cpu'] },
  throughput: {
    part: 'operations',
    measures: ['perSecond', 'generator'],
    operations: ['read, sliding', 'write, sliding'],
    compares: true,
  },
  rates: { part: 'rates', measures: ['cpu', 'p99', 'sentLate'], compares: true },
  memory: { part: 'memory', measures: ['bytes'], compares: true },
  lateness: { part: 'lateness', measures: ['p50', 'p99', 'p999', 'max', 'timesEmpty'] },
  tail: { part: 'tail', measures: ['p50', 'p99', 'p999', 'max', 'cpu', 'sessions'] },
  growth: { part: 'growth', measures: ['cpu'] },
  journal: { part: 'journal', measures: ['cpu', 'seconds'], compares: true },
};

/** What a missing figure is shown as. */
const NONE = '–';

/** Returns the tables of a run by name, without those of parts that were not measured. */
export function tablesOf(results: Results): Record<string, Table> {
  const plain = Object.entries(PLAIN_TABLES).map(([name, table]) => [name, plainTable(results, table)]);
  const tables: Record<string, Table> = {
    ...Object.fromEntries(plain),
    cpu: cpuTable(results),
    goals: goalTable(results),
  };
  return Object.fromEntries(Object.entries(tables).filter(([, { rows }]) => rows.length > 0));
}

/** Formats all tables for a terminal. */
export function formatTables(results: Results): string {
  return Object.entries(tablesOf(results))
    .map(([name, { header, rows }]) => formatTable([`${name}: ${header[0]}`, ...header.slice(1)], rows))
    .join('\n\n');
}

/** Returns a generated part of README.md or docs/performance.md, by its name: a table, or one of two texts. */
export function documentPart(results: Results, name: string): string {
  const { subjects, peers, machine, respite, command } = results;
  if (name === 'conditions') {
    return `The committed results are of respite ${respite}, as ${list(subjects)}, beside ${list(peers)}. The machine: ${describeMachine(machine)}. The command, without folders: \`${command}\`.`;
  }
  if (name === 'summary') {
    return `Measured beside ${list(peers)} on ${machine.cores} cores with \`npm run bench\` ([all figures](docs/performance.md), including those where another server is better):\n\n${markdown(summary(results))}`;
  }
  const table = tablesOf(results)[name];
  return table === undefined ? 'Not measured in this run.' : markdown(table);
}

/** The few figures that the README begins with. */
function summary({ figures, subjects }: Results): Table {
  const find = (part: string, what: string, at: string, measure: Measure) =>
    findFigure(figures, { part, what, at, measure });
  const late = find('lateness', 'expired event', ALONE, 'p99');
  const bytes = find('memory', A_NAME_EACH, 'with index', 'bytes');
  const cpu = (what: string) => subjects.map((name) => bold(mediansByDepth(figures, what, name)));
  const best = (figure: Figure | undefined, format: (server: string) => string) =>
    figure?.best ? `${format(figure.best)} (${figure.best})` : NONE;
  const duration = (server: string) => formatDuration(late?.servers[server]?.[0]);
  const size = (server: string) => `${formatFigure(bytes, server)} bytes`;
  return {
    header: ['', ...subjects, 'best of the others'],
    rows: [
      [
        'How late the `expired` event is for 99 % of 1,000,000 sessions that are due within a minute',
        ...subjects.map((name) => bold(duration(name))),
        best(late, duration),
      ],
      [
        'CPU time of a read that extends the session, relative to the best of the others, with 1 / 16 / 64 requests at a time',
        ...cpu('read, sliding'),
        '1',
      ],
      [
        'CPU time of a login after which the session can be found by its name, likewise',
        ...cpu('login, with index'),
        '1',
      ],
      [
        'Memory of a session with 4 keys that can be found by its name',
        ...subjects.map((name) => bold(size(name))),
        best(bytes, size),
      ],
    ],
  };
}

function plainTable({ figures, subjects, peers }: Results, table: PlainTable): Table {
  const { part, measures, operations, compares } = table;
  const shown = figures.filter(
    (figure) =>
      figure.part === part && measures.includes(figure.measure) && (operations?.includes(figure.what) ?? true),
  );
  const servers = [...subjects, ...peers].filter((name) => shown.some((figure) => name in figure.servers));
  const compared = compares ? subjects : [];
  return {
    header: ['', ...servers, ...compared.map((name) => `${name} × best peer`)],
    rows: shown.map((figure) => [
      `${figure.what}, ${figure.at}: ${MEASURES[figure.measure].title}${disturbanceOf(figure)}`,
      ...servers.map((name) => formatFigure(figure, name)),
      ...compared.map((name) => formatRatio(figure, name)),
    ]),
  };
}

/** The multiples of the best peer's CPU time, with a column for each depth. */
function cpuTable({ figures, subjects: [subject, ...further] }: Results): Table {
  const measured = ROWS.filter(({ what }) => figures.some((figure) => figure.what === what && figure.ratios[subject]));
  return {
    header: [
      `CPU of ${subject} × best peer`,
      ...DEPTHS.map((depth) => `${depth} at a time`),
      ...further.map((name) => `${name}: 1 / 16 / 64 at a time`),
    ],
    rows: measured.map(({ what }) => [
      what,
      ...DEPTHS.map((depth) => {
        const figure = findCpu(figures, what, depth);
        return `${formatRatio(figure, subject)}${disturbanceOf(figure)}`;
      }),
      ...further.map((name) => mediansByDepth(figures, what, name)),
    ]),
  };
}

function mediansByDepth(figures: readonly Figure[], what: string, subject: string): string {
  const ratios = DEPTHS.map((depth) => findCpu(figures, what, depth)?.ratios[subject]?.[0]);
  return ratios.map((ratio) => ratio?.toFixed(2) ?? NONE).join(' / ');
}

function findCpu(figures: readonly Figure[], what: string, depth: number): Figure | undefined {
  return findFigure(figures, { part: 'operations', what, at: `depth ${depth}`, measure: 'cpu' });
}

function goalTable({ figures, subjects: [subject] }: Results): Table {
  const verdicts = judge(figures, subject).filter(({ part }) => figures.some((figure) => figure.part === part));
  return {
    header: ['goal', 'limit', subject, 'best peer', ''],
    rows: verdicts.map((verdict) => [
      `${verdict.what}, ${verdict.at}: ${MEASURES[verdict.measure].title}`,
      `${verdict.bound === 'most' ? '≤' : '≥'} ${verdict.limit}${verdict.relative ? ' ×' : ''}`,
      verdict.reached === null ? NONE : formatSpread(verdict.reached),
      verdict.best ?? '',
      wordFor(verdict),
    ]),
  };
}

function wordFor({ reached, met }: Verdict): string {
  if (reached === null) return 'not measured';
  return met ? 'met' : 'missed';
}

function formatFigure(figure: Figure | undefined, server: string): string {
  const median = figure?.servers[server]?.[0];
  if (figure === undefined || median === undefined) return NONE;
  // Of a large figure, decimals would say more than is known.
  const digits = median < 100 ? MEASURES[figure.measure].digits : 0;
  return median.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function formatDuration(ms: number | undefined): string {
  if (ms === undefined) return NONE;
  return ms < 1000 ? `${Number(ms.toPrecision(2))} ms` : `${Number((ms / 1000).toPrecision(2))} s`;
}

function formatRatio(figure: Figure | undefined, subject: string): string {
  const spread = figure?.ratios[subject];
  return spread === undefined ? NONE : formatSpread(spread);
}

/** Returns the mark of a figure that other processes have disturbed. */
function disturbanceOf(figure: Figure | undefined): string {
  return figure !== undefined && figure.disturbed > 0 ? ' ~' : '';
}

function formatSpread(spread: Spread): string {
  const [median, lowest, highest] = spread.map((figure) => figure.toFixed(2));
  return lowest === highest ? median : `${median} (${lowest}–${highest})`;
}

function bold(text: string): string {
  return text.startsWith(NONE) ? NONE : `**${text}**`;
}

function list(names: readonly string[]): string {
  return names.join(', ').replace(/, ([^,]*)$/, ' and $1');
}

function markdown({ header, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |');
  return [line(header), `|${'---|'.repeat(header.length)}`, ...rows.map(line)].join('\n');
}
