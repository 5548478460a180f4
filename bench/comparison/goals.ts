import { BASE, SUBJECT } from './contender.js';
import type { ActRound, Findings } from './findings.js';
import { median, ratio } from './statistics.js';

/** A limit for one of respite's figures. */
export interface Goal {
  readonly what: string;
  readonly bound: 'most' | 'least';
  readonly limit: number;
  /** The unit of the limit and the figure: a multiple of another figure, or ms. */
  readonly unit: '×' | 'ms';
  /** NaN if it was not measured. */
  readonly figure: (findings: Findings) => number;
}

/** Whether a goal was met. */
export interface Verdict extends Omit<Goal, 'figure'> {
  /** Null if it was not measured. */
  readonly figure: number | null;
  readonly met: boolean;
}

/** Limits for some operations at each depth, as multiples of Redis' figure. */
interface ActGoal {
  readonly acts: readonly string[];
  readonly what: string;
  readonly bound: 'most' | 'least';
  readonly limits: readonly (readonly [depth: number, limit: number])[];
  readonly figure: (round: ActRound) => number;
}

const cpuOf = ({ cpu }: ActRound) => cpu ?? NaN;

// biome-ignore format: a table
const ACT_GOALS: readonly ActGoal[] = [
  { acts: ['read, sliding', 'write, sliding'], what: 'CPU per operation', bound: 'most', limits: [[1, 1.2], [16, 0.7], [64, 0.45]], figure: cpuOf },
  { acts: ['read, sliding', 'write, sliding'], what: 'operations per second', bound: 'least', limits: [[1, 0.9], [16, 1.4], [64, 2]], figure: ({ perSecond }) => perSecond },
  { acts: ['login', 'logout', 'whole session'], what: 'CPU per operation', bound: 'most', limits: [[1, 1.3], [16, 1.0], [64, 0.8]], figure: cpuOf },
  { acts: ['GET', 'SET EX'], what: 'CPU per operation', bound: 'most', limits: [[16, 1.25], [64, 1.0]], figure: cpuOf },
];

// biome-ignore format: a table
export const GOALS: readonly Goal[] = [
  ...ACT_GOALS.flatMap(spellOut),
  { what: 'memory per session, one name for all, relative to Redis', bound: 'most', limit: 0.9, unit: '×', figure: memory('one') },
  { what: 'memory per session, a name for each, relative to Redis', bound: 'most', limit: 1.1, unit: '×', figure: memory('each') },
  { what: 'memory 5 s after all expired, relative to the empty server', bound: 'most', limit: 1.15, unit: '×', figure: afterExpiry },
  { what: 'tail: p99.9 relative to Redis', bound: 'most', limit: 1, unit: '×', figure: tail },
  { what: 'tail: longest garbage collection', bound: 'most', limit: 10, unit: 'ms', figure: longestCollection },
  { what: 'tail: longest delay of the event loop', bound: 'most', limit: 10, unit: 'ms', figure: longestDelay },
  { what: 'growth: read with the most sessions, relative to the fewest', bound: 'most', limit: 2, unit: '×', figure: growth('sessions', 'read') },
  { what: 'growth: read with the most keys, relative to the fewest', bound: 'most', limit: 2, unit: '×', figure: growth('keys', 'read') },
  { what: 'growth: write with the most keys, relative to the fewest', bound: 'most', limit: 2, unit: '×', figure: growth('keys', 'write') },
  { what: 'sliding write, depth 16, everysec: CPU relative to no journal', bound: 'most', limit: 1.2, unit: '×', figure: journalToNone },
  { what: 'sliding write, depth 16, everysec: CPU relative to Redis with everysec', bound: 'most', limit: 1, unit: '×', figure: journalToRedis },
  { what: 'restart with a journal: time relative to Redis', bound: 'most', limit: 1, unit: '×', figure: restart },
  { what: 'compaction of the journal: longest delay of the event loop', bound: 'most', limit: 10, unit: 'ms', figure: compactionDelay },
];

export function judge(findings: Findings): Verdict[] {
  return GOALS.map(({ figure, ...goal }) => {
    const reached = figure(findings);
    const met = goal.bound === 'most' ? reached <= goal.limit : reached >= goal.limit;
    return { ...goal, figure: Number.isNaN(reached) ? null : reached, met };
  });
}

function spellOut({ acts, what, bound, limits, figure }: ActGoal): Goal[] {
  return acts.flatMap((act) =>
    limits.map(
      ([depth, limit]): Goal => ({
        what: `${act}, depth ${depth}: ${what} relative to Redis`,
        bound,
        limit,
        unit: '×',
        figure({ acts: findings }) {
          const servers = findings.find((found) => found.act === act && found.depth === depth)?.servers ?? {};
          return ratio((servers[SUBJECT] ?? []).map(figure), (servers[BASE] ?? []).map(figure));
        },
      }),
    ),
  );
}

function memory(wanted: 'one' | 'each') {
  return ({ memory: findings }: Findings): number => {
    const servers = findings.find(({ names }) => names === wanted)?.servers ?? {};
    return ratio(servers[SUBJECT] ?? [], servers[BASE] ?? []);
  };
}

function afterExpiry({ expired }: Findings): number {
  return median((expired[SUBJECT] ?? []).map(({ after, empty }) => after / empty));
}

function tail({ tail: findings }: Findings): number {
  const p999 = (server: string) => (findings[server] ?? []).map(({ latency }) => latency.p999);
  return ratio(p999(SUBJECT), p999(BASE));
}

/** Returns the longest of all rounds, because the goal is about occasional pauses. */
function longestCollection({ tail: findings }: Findings): number {
  return longest(
    (findings[SUBJECT] ?? []).flatMap(({ runtime }) => runtime?.collections ?? []).map(({ duration }) => duration),
  );
}

function longestDelay({ tail: findings }: Findings): number {
  return longest((findings[SUBJECT] ?? []).flatMap(({ runtime }) => (runtime === null ? [] : [runtime.loopDelay.max])));
}

function longest(durations: readonly number[]): number {
  return durations.length === 0 ? NaN : Math.max(...durations);
}

function growth(wanted: 'sessions' | 'keys', verb: 'read' | 'write') {
  return ({ growth: findings }: Findings): number => {
    const sizes = findings.filter((found) => found.of === wanted && found.verb === verb);
    const at = (index: number) => sizes.at(index)?.servers[SUBJECT] ?? [];
    return ratio(at(-1), at(0));
  };
}

function writesUnder(findings: Findings, policy: string): Readonly<Record<string, readonly number[]>> {
  return findings.journal.writes.find((row) => row.policy === policy && row.depth === 16)?.servers ?? {};
}

function journalToNone(findings: Findings): number {
  return ratio(writesUnder(findings, 'everysec')[SUBJECT] ?? [], writesUnder(findings, 'none')[SUBJECT] ?? []);
}

function journalToRedis(findings: Findings): number {
  const servers = writesUnder(findings, 'everysec');
  return ratio(servers[SUBJECT] ?? [], servers[BASE] ?? []);
}

function restart({ journal: { restarts } }: Findings): number {
  const seconds = (server: string) => (restarts[server] ?? []).map((round) => round.seconds);
  return ratio(seconds(SUBJECT), seconds(BASE));
}

function compactionDelay({ journal: { restarts } }: Findings): number {
  return longest((restarts[SUBJECT] ?? []).flatMap(({ runtime }) => (runtime === null ? [] : [runtime.loopDelay.max])));
}
