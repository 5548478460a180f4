import { formatTable } from '../table.js';
import { BASE } from './contender.js';
import type {
  ActFindings,
  ByServer,
  ExpiredRound,
  Findings,
  GrowthFindings,
  JournalWrites,
  MemoryFindings,
  RestartRound,
  TailRound,
} from './findings.js';
import type { Verdict } from './goals.js';
import { median, ratio } from './statistics.js';

/**
 * Formats the findings for a terminal. Figures are medians of the rounds. The column after a figure is its multiple of
 * Redis' figure.
 */
export function formatFindings(findings: Findings): string {
  return [
    formatActs(findings.acts),
    formatMemory(findings.memory),
    formatExpired(findings.expired),
    formatTail(findings.tail),
    formatRuntime(findings.tail),
    formatGrowth(findings.growth),
    formatWrites(findings.journal.writes),
    formatRestarts(findings.journal.restarts),
  ].join('\n\n');
}

export function formatVerdicts(verdicts: readonly Verdict[]): string {
  return verdicts
    .map(({ what, bound, limit, unit, figure, met }) => {
      const word = figure === null ? 'not measured' : met ? 'met' : 'missed';
      const reached = figure === null ? '-' : `${figure.toFixed(2)} ${unit}`;
      return `${word.padEnd(6)}  ${what}: ${reached}, goal ${bound === 'most' ? '≤' : '≥'} ${limit} ${unit}`;
    })
    .join('\n');
}

function formatActs(acts: readonly ActFindings[]): string {
  const rows = acts.flatMap(({ act, depth, servers }) =>
    Object.entries(servers).map(([server, rounds], index) => {
      const of = (figure: (round: (typeof rounds)[number]) => number | null) => figures(rounds, figure);
      const compared = (figure: (round: (typeof rounds)[number]) => number | null) =>
        multiple(of(figure), figures(servers[BASE], figure));
      return [
        index === 0 ? `${act}, depth ${depth}` : '',
        server,
        typical(
          of(({ cpu }) => cpu),
          2,
        ),
        compared(({ cpu }) => cpu),
        typical(
          of(({ perSecond }) => perSecond),
          0,
        ),
        compared(({ perSecond }) => perSecond),
        typical(
          of(({ latency }) => latency.p50),
          0,
        ),
        typical(
          of(({ latency }) => latency.p99),
          0,
        ),
        typical(
          of(({ generatorBusy }) => generatorBusy * 100),
          0,
        ),
      ];
    }),
  );
  return formatTable(['operation', 'server', 'CPU µs', '×', 'ops/s', '×', 'p50 µs', 'p99 µs', 'generator %'], rows);
}

function formatMemory(memory: readonly MemoryFindings[]): string {
  const rows = memory.flatMap(({ names, sessions, servers }) =>
    Object.entries(servers).map(([server, growth], index) => [
      index === 0 ? `${sessions} sessions, ${names === 'one' ? 'one name' : 'a name for each'}` : '',
      server,
      typical(
        growth.map((bytes) => bytes / sessions),
        0,
      ),
      multiple(growth, servers[BASE]),
      typical(growth.map(megabytes), 1),
    ]),
  );
  return formatTable(['memory', 'server', 'bytes per session', '×', 'MB'], rows);
}

function formatExpired(expired: ByServer<ExpiredRound>): string {
  const rows = Object.entries(expired).map(([server, rounds]) => [
    server,
    typical(
      rounds.map(({ empty }) => megabytes(empty)),
      1,
    ),
    typical(
      rounds.map(({ full }) => megabytes(full)),
      1,
    ),
    typical(
      rounds.map(({ after }) => megabytes(after)),
      1,
    ),
    typical(
      rounds.map(({ after, empty }) => after / empty),
      2,
    ),
    typical(
      rounds.map(({ seconds }) => seconds),
      1,
    ),
  ]);
  return formatTable(['all expired, MB', 'empty', 'full', '5 s after', '× empty', 'last expired after s'], rows);
}

function formatTail(tail: ByServer<TailRound>): string {
  const rows = Object.entries(tail).map(([server, rounds]) => [
    server,
    typical(
      rounds.map(({ latency }) => latency.p50 / 1000),
      2,
    ),
    typical(
      rounds.map(({ latency }) => latency.p99 / 1000),
      2,
    ),
    typical(
      rounds.map(({ latency }) => latency.p999 / 1000),
      2,
    ),
    multiple(
      rounds.map(({ latency }) => latency.p999),
      (tail[BASE] ?? []).map(({ latency }) => latency.p999),
    ),
    typical(
      rounds.map(({ latency }) => latency.max / 1000),
      2,
    ),
    typical(
      rounds.map(({ sendDelay }) => sendDelay.p999 / 1000),
      2,
    ),
    typical(
      rounds.flatMap(({ cpu }) => cpu ?? []),
      1,
    ),
    typical(
      rounds.map(({ live }) => live),
      0,
    ),
  ]);
  return formatTable(
    ['tail, ms', 'p50', 'p99', 'p99.9', '×', 'max', 'sent late p99.9', 'CPU µs', 'live at the end'],
    rows,
  );
}

function formatRuntime(tail: ByServer<TailRound>): string {
  const rows = Object.entries(tail).flatMap(([server, rounds]) =>
    rounds.flatMap(({ runtime }, round) => {
      if (runtime === null) return [];
      const durations = runtime.collections.map(({ duration }) => duration);
      const { p99, p999, max } = runtime.loopDelay;
      return [
        [
          `${server}, round ${round + 1}`,
          String(durations.length),
          durations.reduce((sum, duration) => sum + duration, 0).toFixed(1),
          Math.max(0, ...durations).toFixed(2),
          p99.toFixed(2),
          p999.toFixed(2),
          max.toFixed(2),
        ],
      ];
    }),
  );
  return formatTable(
    ['pauses in the tail, ms', 'collections', 'total', 'longest', 'loop delay p99', 'p99.9', 'max'],
    rows,
  );
}

function formatGrowth(growth: readonly GrowthFindings[]): string {
  const rows = growth.flatMap(({ of, verb, size, servers }) =>
    Object.entries(servers).map(([server, cpu], index) => [
      index === 0 ? `${verb}, ${size.toLocaleString('en')} ${size === 1 ? of.slice(0, -1) : of}` : '',
      server,
      typical(cpu, 2),
      multiple(cpu, servers[BASE]),
    ]),
  );
  return formatTable(['growth', 'server', 'CPU µs', '×'], rows);
}

function formatWrites(writes: readonly JournalWrites[]): string {
  const rows = writes.flatMap(({ policy, depth, servers }) =>
    Object.entries(servers).map(([server, cpu], index) => [
      index === 0 ? `depth ${depth}, ${policy}` : '',
      server,
      typical(cpu, 2),
      multiple(cpu, servers[BASE]),
      multiple(cpu, writes.find((row) => row.policy === 'none' && row.depth === depth)?.servers[server]),
    ]),
  );
  return formatTable(['sliding write, journal', 'server', 'CPU µs', '×', '× no journal'], rows);
}

function formatRestarts(restarts: ByServer<RestartRound>): string {
  const rows = Object.entries(restarts).map(([server, rounds]) => {
    const of = (figure: (round: RestartRound) => number | null) => figures(rounds, figure);
    return [
      server,
      typical(
        of(({ seconds }) => seconds),
        2,
      ),
      multiple(
        of(({ seconds }) => seconds),
        figures(restarts[BASE], ({ seconds }) => seconds),
      ),
      typical(
        of(({ compaction }) => compaction),
        2,
      ),
      typical(
        of(({ runtime }) => runtime?.loopDelay.max ?? null),
        2,
      ),
    ];
  });
  return formatTable(['restart', 'ready after s', '×', 'compaction s', 'max loop delay in compaction, ms'], rows);
}

function figures<Round>(rounds: readonly Round[] = [], figure: (round: Round) => number | null): number[] {
  return rounds.flatMap((round) => figure(round) ?? []);
}

/** Returns a dash if nothing was measured. */
function typical(rounds: readonly number[], digits: number): string {
  return rounds.length === 0 ? '-' : median(rounds).toFixed(digits);
}

function multiple(rounds: readonly number[], base: readonly number[] = []): string {
  const times = ratio(rounds, base);
  return Number.isNaN(times) ? '-' : times.toFixed(2);
}

function megabytes(bytes: number): number {
  return bytes / 1e6;
}
