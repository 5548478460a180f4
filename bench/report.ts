import { type Figure, findFigure, type Key, MEASURES, type Measure, type Relation } from './figures.js';
import { judge } from './goals.js';
import { describeMachine } from './machine.js';
import { ALONE } from './parts/lateness.js';
import { A_NAME_EACH } from './parts/memory.js';
import { DEPTHS, ROWS } from './parts/operations.js';
import type { Results } from './results.js';
import type { Spread } from './statistics.js';
import { formatTable, markdown, type Table } from './table.js';

/** Tables that have a row for each of these figures of a part. */
interface PlainTable {
  readonly part: string;
  readonly measures: readonly Measure[];
  /** All by default. */
  readonly operations?: readonly string[];
  /** Whether to show multiples of the best peer's figures. */
  readonly compares?: true;
}

const SLIDING = ['read, sliding', 'write, sliding'];
// biome-ignore format: a table
const PLAIN_TABLES: Readonly<Record<string, PlainTable>> = {
  costs: { part: 'operations', measures: ['cpu'] },
  throughput: { part: 'operations', measures: ['perSecond', 'generator'], operations: SLIDING, compares: true },
  scripts: { part: 'scripts', measures: ['cpu'], compares: true },
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
function tablesOf(results: Results): Record<string, Table> {
  const plain = Object.entries(PLAIN_TABLES).map(([name, table]) => [name, plainTable(results, table)] as const);
  const all = [...plain, ['cpu', cpuTable(results)] as const, ['goals', goalTable(results)] as const];
  return Object.fromEntries(all.filter(([, { rows }]) => rows.length > 0));
}

/** Formats all tables for a terminal. */
export function formatTables(results: Results): string {
  return Object.entries(tablesOf(results))
    .map(([name, { header, rows }]) => formatTable([`${name}: ${header[0]}`, ...header.slice(1)], rows))
    .join('\n\n');
}

/** Formats how a server compares with another one, with a row for each figure. */
export function formatRelations(server: string, base: string, relations: readonly Relation[]): string {
  const rows = relations.map((relation) => [
    titleOf(relation),
    ...relation.medians.map((median) => formatNumber(relation.measure, median)),
    formatSpread(relation.ratio),
    `${relation.worse > 0 ? '+' : ''}${relation.worse.toFixed(1)}`,
  ]);
  return formatTable(['', server, base, 'ratio (lowest–highest)', 'worse, %'], rows);
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
  const late = findFigure(figures, { part: 'lateness', what: 'expired event', at: ALONE, measure: 'p99' });
  const bytes = findFigure(figures, { part: 'memory', what: A_NAME_EACH, at: 'with index', measure: 'bytes' });
  const row = (title: string, figure: Figure | undefined, format: (server: string) => string) => [
    title,
    ...subjects.map((name) => bold(format(name))),
    figure?.best ? `${format(figure.best)} (${figure.best})` : NONE,
  ];
  const cpuRow = (title: string, what: string) => [
    title,
    ...subjects.map((name) => bold(mediansByDepth(figures, what, name))),
    '1',
  ];
  return {
    header: ['', ...subjects, 'best of the others'],
    rows: [
      row(
        'Lateness of the `expired` event, 99th percentile, with 1,000,000 sessions due within a minute',
        late,
        (server) => formatDuration(late?.servers[server]?.[0]),
      ),
      cpuRow(
        'CPU time of a read that extends the session, × the best other server, at 1 / 16 / 64 requests in flight per connection',
        'read, sliding',
      ),
      cpuRow('CPU time of a login with an index by name, likewise', 'login, with index'),
      row(
        'Memory of a session with 4 keys that can be found by its name',
        bytes,
        (server) => `${formatFigure(bytes, server)} bytes`,
      ),
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
  const compared = compares && peers.length > 0 ? subjects : [];
  return {
    header: ['', ...servers, ...compared.map((name) => `${name} × best peer`)],
    rows: shown.map((figure) => [
      titleOf(figure),
      ...servers.map((name) => formatFigure(figure, name)),
      ...compared.map((name) => formatSpread(figure.ratios[name])),
    ]),
  };
}

/** The multiples of the best peer's CPU time, with a column for each depth. */
function cpuTable({ figures, subjects: [subject, ...further] }: Results): Table {
  const measured = ROWS.filter(({ what }) =>
    figures.some((figure) => figure.part === 'operations' && figure.what === what && figure.ratios[subject]),
  );
  return {
    header: [
      `CPU of ${subject} × best peer`,
      ...DEPTHS.map((depth) => `${depth} at a time`),
      ...further.map((name) => `${name}: 1 / 16 / 64 at a time`),
    ],
    rows: measured.map(({ what }) => [
      what,
      ...byDepth(figures, what).map((figure) => `${formatSpread(figure?.ratios[subject])}${disturbanceOf(figure)}`),
      ...further.map((name) => mediansByDepth(figures, what, name)),
    ]),
  };
}

function mediansByDepth(figures: readonly Figure[], what: string, subject: string): string {
  return byDepth(figures, what)
    .map((figure) => figure?.ratios[subject]?.[0].toFixed(2) ?? NONE)
    .join(' / ');
}

/** Returns the CPU time of an operation at each depth. */
function byDepth(figures: readonly Figure[], what: string): (Figure | undefined)[] {
  return DEPTHS.map((depth) => findFigure(figures, { part: 'operations', what, at: `depth ${depth}`, measure: 'cpu' }));
}

function goalTable({ figures, subjects: [subject], peers }: Results): Table {
  const verdicts = judge(figures, subject).filter(
    ({ part, relative }) => figures.some((figure) => figure.part === part) && (peers.length > 0 || !relative),
  );
  return {
    header: ['goal', 'limit', subject, 'best peer', ''],
    rows: verdicts.map(({ what, at, measure, bound, limit, relative, reached, best, met }) => [
      `${what}, ${at}: ${MEASURES[measure].title}`,
      `${bound === 'most' ? '≤' : '≥'} ${limit}${relative ? ' ×' : ''}`,
      formatSpread(reached ?? undefined),
      best ?? '',
      reached === null ? 'not measured' : met ? 'met' : 'missed',
    ]),
  };
}

function titleOf(figure: Key & { readonly disturbed: number }): string {
  return `${figure.what}, ${figure.at}: ${MEASURES[figure.measure].title}${disturbanceOf(figure)}`;
}

function formatFigure(figure: Figure | undefined, server: string): string {
  const median = figure?.servers[server]?.[0];
  return figure === undefined || median === undefined ? NONE : formatNumber(figure.measure, median);
}

function formatNumber(measure: Measure, median: number): string {
  // Of a large figure, decimals would say more than is known.
  const digits = median < 100 ? MEASURES[measure].digits : 0;
  return median.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function formatDuration(ms: number | undefined): string {
  if (ms === undefined) return NONE;
  return ms < 1000 ? `${Number(ms.toPrecision(2))} ms` : `${Number((ms / 1000).toPrecision(2))} s`;
}

function formatSpread(spread: Spread | undefined): string {
  if (spread === undefined) return NONE;
  const [median, lowest, highest] = spread.map((figure) => figure.toFixed(2));
  return lowest === highest ? median : `${median} (${lowest}–${highest})`;
}

/** Returns the mark of a figure that other processes have disturbed. */
function disturbanceOf(figure: { readonly disturbed: number } | undefined): string {
  return figure !== undefined && figure.disturbed > 0 ? ' ~' : '';
}

function bold(text: string): string {
  return text.startsWith(NONE) ? NONE : `**${text}**`;
}

function list(names: readonly string[]): string {
  return names.join(', ').replace(/, ([^,]*)$/, ' and $1');
}
