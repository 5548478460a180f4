import { DISTURBED } from './others.js';
import { median, ratio, type Spread, spreadOf } from './statistics.js';

/** What is measured. */
export const MEASURES = {
  cpu: { title: 'CPU, µs per operation', digits: 2, best: 'lowest' },
  perSecond: { title: 'operations per second', digits: 0, best: 'highest' },
  generator: { title: 'load generator, % of a core', digits: 0, best: null },
  bytes: { title: 'bytes per session', digits: 0, best: 'lowest' },
  timesEmpty: { title: 'memory relative to the empty server', digits: 2, best: 'lowest' },
  p50: { title: '50 % within, ms', digits: 2, best: 'lowest' },
  p99: { title: '99 % within, ms', digits: 2, best: 'lowest' },
  p999: { title: '99.9 % within, ms', digits: 2, best: 'lowest' },
  max: { title: 'longest, ms', digits: 2, best: 'lowest' },
  sentLate: { title: 'load generator: 99 % sent within, ms', digits: 2, best: null },
  seconds: { title: 'seconds', digits: 2, best: 'lowest' },
  sessions: { title: 'sessions', digits: 0, best: null },
} as const;

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

/** A figure of one server relative to that of another. */
export interface Relation extends Key {
  /** The medians of the two. */
  readonly medians: readonly [server: number, base: number];
  readonly ratio: Spread;
  /** By how many percent the server is worse than the other. Negative if it is better. */
  readonly worse: number;
  readonly disturbed: number;
}

/** What is measured of a figure, by the name of the server. */
interface Row extends Key {
  readonly rounds: Record<string, number[]>;
  disturbed: number;
}

/** Collects what the parts measure. */
export class Figures {
  readonly #rows: Row[] = [];

  /**
   * Adds the figures of one server in one round.
   * @param others How much of a core other processes took meanwhile.
   */
  add(place: Place, server: string, found: Partial<Record<Measure, number>>, others: number): void {
    for (const [measure, figure] of Object.entries(found) as [Measure, number][]) {
      const key = { ...place, measure };
      const row = findFigure(this.#rows, key) ?? { ...key, rounds: {}, disturbed: 0 };
      if (!this.#rows.includes(row)) this.#rows.push(row);
      row.rounds[server] = [...(row.rounds[server] ?? []), figure];
      if (others > DISTURBED) row.disturbed++;
    }
  }

  /** @param peers The names of the servers with which respite is compared. All others are respite. */
  summarize(peers: readonly string[]): Figure[] {
    return this.#rows.map(({ rounds, disturbed, ...key }) => {
      const best = bestOf(key.measure, rounds, peers);
      const all = Object.entries(rounds);
      const own = best === null ? [] : all.filter(([name]) => !peers.includes(name));
      return {
        ...key,
        servers: Object.fromEntries(all.map(([name, figures]) => [name, spreadOf(figures)])),
        best,
        ratios: Object.fromEntries(own.map(([name, figures]) => [name, ratio(figures, rounds[best as string])])),
        disturbed,
      };
    });
  }

  /** Compares two servers by every figure of which less, or more, is better. */
  relate(server: string, base: string): Relation[] {
    return this.#rows
      .filter(({ measure, rounds }) => MEASURES[measure].best !== null && server in rounds && base in rounds)
      .map(({ rounds, ...row }) => {
        const spread = ratio(rounds[server], rounds[base]);
        const more = (spread[0] - 1) * 100;
        const worse = MEASURES[row.measure].best === 'highest' ? -more : more;
        return { ...row, medians: [median(rounds[server]), median(rounds[base])], ratio: spread, worse };
      });
  }
}

function bestOf(measure: Measure, rounds: Record<string, number[]>, peers: readonly string[]): string | null {
  const { best } = MEASURES[measure];
  if (best === null) return null;
  const sign = best === 'highest' ? -1 : 1;
  const measured = peers.filter((name) => name in rounds);
  return measured.toSorted((a, b) => sign * (median(rounds[a]) - median(rounds[b])))[0] ?? null;
}

/** Finds a figure in the results. */
export function findFigure<Found extends Key>(figures: readonly Found[], key: Key): Found | undefined {
  const { part, what, at, measure } = key;
  return figures.find(
    (figure) => figure.part === part && figure.what === what && figure.at === at && figure.measure === measure,
  );
}
