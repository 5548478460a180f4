import { DISTURBED } from './others.js';
import { median, ratio, type Spread, spreadOf } from './statistics.js';

/** What is measured. */
export const MEASURES = {
  cpu: { title: 'CPU, µs per operation', digits: 2, best: 'lowest' },
  perSecond: { title: 'operations per second', digits: 0, best: 'highest' },
  generator: { title: 'load generator, % of a core', digits: 0 },
  bytes: { title: 'bytes per session', digits: 0, best: 'lowest' },
  timesEmpty: { title: 'memory relative to the empty server', digits: 2, best: 'lowest' },
  p50: { title: '50 % within, ms', digits: 2, best: 'lowest' },
  p99: { title: '99 % within, ms', digits: 2, best: 'lowest' },
  p999: { title: '99.9 % within, ms', digits: 2, best: 'lowest' },
  max: { title: 'longest, ms', digits: 2, best: 'lowest' },
  sentLate: { title: 'load generator: 99 % sent within, ms', digits: 2 },
  seconds: { title: 'seconds', digits: 2, best: 'lowest' },
  sessions: { title: 'sessions', digits: 0 },
} as const satisfies Record<string, { title: string; digits: number; best?: 'lowest' | 'highest' }>;

export type Measure = keyof typeof MEASURES;

/** What was measured, and under which condition: `depth 16`, for example. */
export interface Place {
  readonly part: string;
  readonly what: string;
  readonly at: string;
}

export interface Key extends Place {
  readonly measure: Measure;
}

/** A figure of several servers, by name, as the results hold it. */
export interface Figure extends Key {
  readonly servers: Readonly<Record<string, Spread>>;
  /** The peer with the best median; null if the figure is not compared. */
  readonly best: string | null;
  /** respite's figure relative to that of the best peer, by the name of respite. */
  readonly ratios: Readonly<Record<string, Spread>>;
  /** How many of the measurements other processes disturbed. */
  readonly disturbed: number;
}

/** Collects what the parts measure. */
export class Figures {
  readonly #rows = new Map<string, Key & { rounds: Record<string, number[]>; disturbed: number }>();

  /**
   * Adds the figures of one server in one round.
   * @param others How much of a core other processes took meanwhile.
   */
  add(place: Place, server: string, found: Partial<Record<Measure, number>>, others: number): void {
    for (const [measure, figure] of Object.entries(found) as [Measure, number][]) {
      const id = JSON.stringify([place.part, place.what, place.at, measure]);
      const row = this.#rows.get(id) ?? { ...place, measure, rounds: {}, disturbed: 0 };
      this.#rows.set(id, row);
      row.rounds[server] ??= [];
      row.rounds[server].push(figure);
      if (others > DISTURBED) row.disturbed++;
    }
  }

  /** @param peers The names of the servers with which respite is compared. All others are respite. */
  summarize(peers: readonly string[]): Figure[] {
    return [...this.#rows.values()].map(({ rounds, disturbed, ...key }) => {
      const best = bestOf(key.measure, rounds, peers);
      const own = Object.keys(rounds).filter((server) => !peers.includes(server));
      return {
        ...key,
        servers: mapValues(rounds, spreadOf),
        best,
        ratios: best === null ? {} : Object.fromEntries(own.map((name) => [name, ratio(rounds[name], rounds[best])])),
        disturbed,
      };
    });
  }
}

function bestOf(measure: Measure, rounds: Record<string, number[]>, peers: readonly string[]): string | null {
  const { best } = MEASURES[measure] as { best?: 'lowest' | 'highest' };
  const sign = best === 'highest' ? -1 : 1;
  const measured = peers.filter((name) => name in rounds);
  if (best === undefined || measured.length === 0) return null;
  return measured.toSorted((a, b) => sign * (median(rounds[a]) - median(rounds[b])))[0];
}

function mapValues<From, To>(record: Record<string, From>, change: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

/** Finds a figure in the results. */
export function findFigure(figures: readonly Figure[], { part, what, at, measure }: Key): Figure | undefined {
  return figures.find(
    (figure) => figure.part === part && figure.what === what && figure.at === at && figure.measure === measure,
  );
}
