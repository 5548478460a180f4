import { type Figure, MEASURES } from './figures.js';
import type { Verdict } from './goals.js';
import type { Results } from './results.js';
import type { Spread } from './statistics.js';
import { formatTable } from './table.js';

/** Formats the figures for a terminal: a table for each measure of each part. */
export function formatFigures({ figures, subjects, peers }: Results): string {
  const titleOf = ({ part, measure }: Figure) => `${part}: ${MEASURES[measure].title}`;
  return [...new Set(figures.map(titleOf))]
    .map((title) =>
      formatTableOf(
        title,
        figures.filter((figure) => titleOf(figure) === title),
        subjects,
        peers,
      ),
    )
    .join('\n\n');
}

function formatTableOf(
  title: string,
  figures: readonly Figure[],
  subjects: readonly string[],
  peers: readonly string[],
): string {
  const isIn = (name: string) => figures.some(({ servers }) => name in servers);
  const servers = [...subjects, ...peers].filter(isIn);
  const compared = figures.some(({ best }) => best !== null) ? subjects.filter(isIn) : [];
  const rows = figures.map(({ what, at, measure, servers: found, ratios, best, disturbed }) => [
    `${what}, ${at}`,
    ...servers.map((name) => found[name]?.[0].toFixed(MEASURES[measure].digits) ?? '-'),
    ...compared.map((name) => formatSpread(ratios[name])),
    ...(compared.length > 0 ? [best ?? '-'] : []),
    disturbed === 0 ? '' : `disturbed: ${disturbed}`,
  ]);
  const comparisons = compared.length > 0 ? [...compared.map((name) => `${name} × best`), 'best peer'] : [];
  return formatTable([title, ...servers, ...comparisons, ''], rows);
}

export function formatSpread(spread: Spread | null | undefined, digits = 2): string {
  if (spread === null || spread === undefined) return '-';
  const [median, lowest, highest] = spread.map((figure) => figure.toFixed(digits));
  return lowest === highest ? median : `${median} (${lowest}–${highest})`;
}

export function formatVerdicts(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map((verdict) => [
    describeGoal(verdict),
    formatLimit(verdict),
    formatSpread(verdict.reached),
    verdict.best ?? '',
    verdict.reached === null ? 'not measured' : verdict.met ? 'met' : 'missed',
  ]);
  return formatTable(['goal', 'limit', 'reached', 'best peer', ''], rows);
}

export function describeGoal({ what, at, measure }: Verdict): string {
  return `${what}, ${at}: ${MEASURES[measure].title}`;
}

export function formatLimit({ bound, limit, relative }: Verdict): string {
  return `${bound === 'most' ? '≤' : '≥'} ${limit}${relative ? ' ×' : ''}`;
}
