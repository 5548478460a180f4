import { type Figure, findFigure, type Key, type Measure } from './figures.js';
import { EVERYSEC, JOURNAL_DEPTHS } from './parts/journal.js';
import { ALONE, BESIDE_OTHERS } from './parts/lateness.js';
import { A_NAME_EACH, ONE_NAME } from './parts/memory.js';
import type { Spread } from './statistics.js';

/** A limit for one of respite's figures. */
export interface Goal extends Key {
  readonly bound: 'most' | 'least';
  readonly limit: number;
  /** Whether the limit is a multiple of the best peer's figure. */
  readonly relative: boolean;
}

/** Whether a goal was met. */
export interface Verdict extends Goal {
  /** The figure or the ratio; null if it was not measured. */
  readonly reached: Spread | null;
  readonly best: string | null;
  readonly met: boolean;
}

/** The most CPU for operations at a depth of 1, 16 and 64, as multiples of the best peer's. */
// biome-ignore format: a table
const CPU_GOALS: readonly (readonly [operations: readonly string[], limits: readonly [number, number, number]])[] = [
  [['read, sliding', 'write, sliding'], [1.0, 0.75, 0.6]],
  [['login, with index', 'logout, with index'], [1.0, 0.8, 0.7]],
  [['login, bare', 'logout, bare'], [1.3, 1.1, 1.1]],
  [['whole session'], [1.05, 0.8, 0.65]],
  [['GET', 'SET EX'], [1.1, 1.3, 1.3]],
];

function most(limit: number, part: string, what: string, at: string, measure: Measure): Goal {
  return { part, what, at, measure, bound: 'most', limit, relative: true };
}

const RESTART = ['journal', 'restart', '1,000,000 sessions', 'seconds'] as const;
const LATE = ['lateness', 'expired event'] as const;

export const GOALS: readonly Goal[] = [
  ...CPU_GOALS.flatMap(([operations, limits]) =>
    operations.flatMap((what) =>
      [1, 16, 64].map((depth, index) => most(limits[index], 'operations', what, `depth ${depth}`, 'cpu')),
    ),
  ),
  ...['read, sliding', 'write, sliding'].map(
    (what): Goal => ({ ...most(1.2, 'operations', what, 'depth 16', 'perSecond'), bound: 'least' }),
  ),
  ...['10,000 a second', '30,000 a second'].map((at) => most(1.2, 'rates', 'read, sliding', at, 'cpu')),
  most(0.9, 'memory', ONE_NAME, 'bare', 'bytes'),
  most(0.85, 'memory', A_NAME_EACH, 'with index', 'bytes'),
  { ...most(1.15, 'lateness', 'memory 5 s after all expired', ALONE, 'timesEmpty'), relative: false },
  ...JOURNAL_DEPTHS.map((depth) => most(1.0, 'journal', EVERYSEC, `depth ${depth}`, 'cpu')),
  { ...most(1.5, ...RESTART), relative: false },
  most(2, ...RESTART),
  { ...most(15, ...LATE, ALONE, 'p99'), relative: false },
  { ...most(50, ...LATE, BESIDE_OTHERS, 'p99'), relative: false },
];

/** Judges respite's figures, by the medians of the rounds. */
export function judge(figures: readonly Figure[], respite: string): Verdict[] {
  return GOALS.map((goal) => {
    const { relative, bound, limit } = goal;
    const figure = findFigure(figures, goal);
    const reached = (relative ? figure?.ratios : figure?.servers)?.[respite] ?? null;
    // As it is shown, so that no figure looks met and counts as missed.
    const median = reached && Number(reached[0].toFixed(2));
    const met = median !== null && (bound === 'most' ? median <= limit : median >= limit);
    return { ...goal, reached, best: relative ? (figure?.best ?? null) : null, met };
  });
}
