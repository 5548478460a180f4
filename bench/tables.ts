import { type Figure, findFigure, MEASURES, type Measure } from './figures.js';
import { judge } from './goals.js';
import { describeMachine } from './machine.js';
import { ALONE, BESIDE_OTHERS } from './parts/lateness.js';
import { A_NAME_EACH, ONE_NAME } from './parts/memory.js';
import { DEPTHS, ROWS } from './parts/operations.js';
import { describeGoal, formatLimit, formatSpread } from './report.js';
import { readResults } from './results.js';

/**
 * The tables of the committed results in README.md and docs/performance.md, by the name of their place. `npm run
 * readme` writes them.
 */

const results = readResults();
const { subjects, peers, machine, respite, command } = results;
/** The respite to which the goals apply. */
const [SUBJECT] = subjects;
const NONE = '–';

export const RESULT_TABLES: Readonly<Record<string, () => string>> = {
  summary() {
    const late = find('lateness', 'expired event', ALONE, 'p99');
    const bytes = find('memory', A_NAME_EACH, 'with index', 'bytes');
    const cpu = (what: string) =>
      DEPTHS.map((depth) => find('operations', what, `depth ${depth}`, 'cpu')?.ratios[SUBJECT]?.[0].toFixed(2) ?? NONE);
    const rows = [
      [
        'How late the `expired` event is for 99 % of 1,000,000 sessions that are due within a minute',
        `**${duration(late, SUBJECT)}**`,
        best(late, duration),
      ],
      [
        'CPU time of a read that extends the session, relative to the best of the others, with 1 / 16 / 64 requests at a time',
        `**${cpu('read, sliding').join(' / ')}**`,
        '1',
      ],
      [
        'CPU time of a login after which the session can be found by its name, likewise',
        `**${cpu('login, with index').join(' / ')}**`,
        '1',
      ],
      [
        'Memory of a session with 4 keys that can be found by its name',
        `**${bytesOf(bytes, SUBJECT)}**`,
        best(bytes, bytesOf),
      ],
    ];
    return `Measured beside ${list(peers)} on ${machine.cores} cores with \`npm run bench\` ([all figures](docs/performance.md), including those where another server is better):\n\n${table(['', runtimeOf(SUBJECT), 'best of the others'], rows)}`;
  },

  conditions() {
    const runtimes = subjects.map((name) => runtimeOf(name).replace('respite on ', ''));
    return `The committed results are of respite ${respite} on ${list(runtimes)}, beside ${list(peers)}. The machine: ${describeMachine(machine)}. The command:\n\n\`\`\`sh\n${command}\n\`\`\``;
  },

  lateness() {
    const servers = measuredIn('lateness');
    const rows = (['p50', 'p99', 'max'] as const).map((measure) => {
      const figure = find('lateness', 'expired event', ALONE, measure);
      return [LATE[measure], ...servers.map((name) => duration(figure, name))];
    });
    const busy = find('lateness', 'expired event', BESIDE_OTHERS, 'p99');
    const beside = ['99 %, while another process keeps a core busy', ...servers.map((name) => duration(busy, name))];
    const waited = find('lateness', 'other client', ALONE, 'p999');
    const client = ['99.9 % of the replies to another client within', ...servers.map((name) => duration(waited, name))];
    const left = find('lateness', 'memory 5 s after all expired', ALONE, 'timesEmpty');
    const memory = ['memory 5 s later, relative to the empty server', ...servers.map((name) => number(left, name))];
    return table(['`expired` event after the deadline', ...servers.map(runtimeOf)], [...rows, beside, client, memory]);
  },

  cpu() {
    return subjects
      .map((subject) => {
        const rows = ROWS.map(({ what }) => [
          what,
          ...DEPTHS.map((depth) => ratioTo(find('operations', what, `depth ${depth}`, 'cpu'), subject)),
        ]);
        return table([runtimeOf(subject), ...DEPTHS.map((depth) => `${depth} at a time`)], rows);
      })
      .join('\n\n');
  },

  throughput() {
    const servers = measuredIn('operations');
    const rows = ['read, sliding', 'write, sliding'].flatMap((what) =>
      DEPTHS.map((depth) => {
        const figure = find('operations', what, `depth ${depth}`, 'perSecond');
        return [`${what}, ${depth} at a time`, ...servers.map((name) => number(figure, name))];
      }),
    );
    return table(['operations per second', ...servers.map(runtimeOf)], rows);
  },

  rates() {
    const servers = measuredIn('rates');
    return table(
      ['', ...servers.map(runtimeOf), ...subjects.map((name) => `${runtimeOf(name)}, × best peer`)],
      rowsOf('rates', ['cpu', 'p99'], servers, true),
    );
  },

  memory() {
    const servers = measuredIn('memory');
    const rows = [ONE_NAME, A_NAME_EACH].flatMap((what) =>
      ['bare', 'with index'].map((at) => {
        const figure = find('memory', what, at, 'bytes');
        return [`${what}, ${at}`, ...servers.map((name) => number(figure, name)), ratioTo(figure, SUBJECT)];
      }),
    );
    return table(['bytes per session of 4 keys', ...servers.map(runtimeOf), '× best peer'], rows);
  },

  journal() {
    const servers = measuredIn('journal');
    return table(
      [
        'with a journal, durable every second',
        ...servers.map(runtimeOf),
        ...subjects.map((name) => `${runtimeOf(name)}, × best peer`),
      ],
      rowsOf('journal', ['cpu', 'seconds'], servers, true),
    );
  },

  tail() {
    const servers = measuredIn('tail');
    return table(['', ...servers.map(runtimeOf)], rowsOf('tail', ['p50', 'p99', 'p999', 'max'], servers, false));
  },

  growth() {
    const servers = measuredIn('growth');
    return table(['', ...servers.map(runtimeOf)], rowsOf('growth', ['cpu'], servers, false));
  },

  goals() {
    const rows = judge(results.figures, SUBJECT).map((verdict) => [
      describeGoal(verdict),
      formatLimit(verdict),
      formatSpread(verdict.reached),
      verdict.best ?? '',
      verdict.reached === null ? 'not measured' : verdict.met ? 'met' : '**missed**',
    ]);
    return table(['figure', 'goal', 'reached', 'best peer', ''], rows);
  },
};

const LATE = { p50: '50 % within', p99: '99 % within', max: 'last event' } as const;

function find(part: string, what: string, at: string, measure: Measure): Figure | undefined {
  return findFigure(results.figures, { part, what, at, measure });
}

function measuredIn(part: string): string[] {
  return [...subjects, ...peers].filter((name) =>
    results.figures.some((figure) => figure.part === part && name in figure.servers),
  );
}

/** Returns a row for each figure of a part, with the multiples of the best peer if wanted. */
function rowsOf(part: string, measures: readonly Measure[], servers: readonly string[], compares: boolean): string[][] {
  return results.figures
    .filter((figure) => figure.part === part && measures.includes(figure.measure))
    .map((figure) => [
      `${figure.what}, ${figure.at}: ${MEASURES[figure.measure].title}`,
      ...servers.map((name) => number(figure, name)),
      ...(compares ? subjects.map((name) => ratioTo(figure, name)) : []),
    ]);
}

/** Returns `respite on Node.js 26` for `respite (Node 26.1.2)`, and the names of peers as they are. */
function runtimeOf(server: string): string {
  return server.replace(/ \(Node (\d+).*\)/, ' on Node.js $1');
}

function ratioTo(figure: Figure | undefined, subject: string): string {
  const mark = figure !== undefined && figure.disturbed > 0 ? ' ~' : '';
  const spread = figure?.ratios[subject];
  return spread === undefined ? NONE : `${formatSpread(spread)}${mark}`;
}

function number(figure: Figure | undefined, server: string): string {
  const spread = figure?.servers[server];
  if (figure === undefined || spread === undefined) return NONE;
  const { digits } = MEASURES[figure.measure];
  return spread[0].toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function bytesOf(figure: Figure | undefined, server: string): string {
  return `${number(figure, server)} bytes`;
}

/** Formats a figure in ms. */
function duration(figure: Figure | undefined, server: string): string {
  const ms = figure?.servers[server]?.[0];
  if (ms === undefined) return NONE;
  return ms < 1000 ? `${Number(ms.toPrecision(2))} ms` : `${Number((ms / 1000).toPrecision(2))} s`;
}

function best(figure: Figure | undefined, format: (figure: Figure, server: string) => string): string {
  const name = figure?.best;
  return figure === undefined || name === undefined || name === null ? NONE : `${format(figure, name)} (${name})`;
}

function list(names: readonly string[]): string {
  return names.join(', ').replace(/, ([^,]*)$/, ' and $1');
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |');
  return [line(header), `|${'---|'.repeat(header.length)}`, ...rows.map(line)].join('\n');
}
