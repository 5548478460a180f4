import { formatTable } from '../table.js';
import type { Findings } from './measure.js';

/** A limit for one of respite's figures, in ms. */
export interface Goal {
  readonly what: string;
  readonly most: number;
  readonly figure: (findings: Findings) => number;
}

/** Goals for sessions that are due over a minute. */
export const GRADUAL_GOALS: readonly Goal[] = [
  { what: '99 % of the events at most 20 ms late', most: 20, figure: ({ lateness }) => lateness.at(0.99) },
  { what: 'no event more than 100 ms late', most: 100, figure: ({ lateness }) => lateness.max },
  { what: '99.9 % of the replies within 10 ms', most: 10, figure: ({ latencies }) => latencies.at(0.999) },
];

/** Goals for sessions that are all due within one second. */
export const SUDDEN_GOALS: readonly Goal[] = [
  { what: 'the last event at most 2 s after the second', most: 2_000, figure: ({ lastAfterEnd }) => lastAfterEnd },
];

/** Formats tables of what the servers did under a load. */
export function formatFindings(all: readonly Findings[]): string {
  const events = formatTable(
    ['events, ms late', 'p50', 'p90', 'p99', 'max', 'last after the end', 'arrived', 'missing', 'twice'],
    all.map(({ server, lateness, lastAfterEnd, missing, twice }) => [
      server,
      ...[0.5, 0.9, 0.99, 1].map((share) => ms(lateness.at(share))),
      ms(lastAfterEnd),
      ...[lateness.count, missing, twice].map(String),
    ]),
  );
  const replies = formatTable(
    ['second client, ms', 'p50', 'p99', 'p99.9', 'max', 'sent late p99.9', 'commands'],
    all.map(({ server, latencies, sendDelays }) => [
      server,
      ...[0.5, 0.99, 0.999, 1].map((share) => ms(latencies.at(share))),
      ms(sendDelays.at(0.999)),
      String(latencies.count),
    ]),
  );
  return `${events}\n\n${replies}`;
}

/** Formats one line per goal. */
export function formatGoals(goals: readonly Goal[], findings: Findings): string {
  return goals
    .map(({ what, most, figure }) => {
      const reached = figure(findings);
      return `${reached <= most ? 'met   ' : 'missed'}  ${findings.server}: ${what} (${ms(reached)} ms)`;
    })
    .join('\n');
}

function ms(figure: number): string {
  return figure.toFixed(figure < 10 ? 2 : 1);
}
