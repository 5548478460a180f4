import type { Scrape } from './scrape.js';

/** A value, and the values of its labels in the order in which the metric declares them. */
export type Sample = readonly [value: number, ...labels: string[]];

/** The values of a histogram for one combination of labels. */
export interface HistogramSample {
  readonly labels: readonly string[];
  /** For each bound how many observations were at most that large, and at the end how many there were in all. */
  readonly counts: readonly number[];
  /** The sum of all observations, in the unit of the metric. */
  readonly sum: number;
}

interface Declared {
  /** Begins with `respite_`, and ends in the base unit, if it has one; that of a counter in `_total`. */
  readonly name: string;
  /** One or more sentences, for people who see the metric in Prometheus or in the documentation. */
  readonly help: string;
  /** The names of its labels. Every label has a fixed set of values: none comes from a client. */
  readonly labels?: readonly string[];
}

interface NumberMetric extends Declared {
  /** A counter never goes back. */
  readonly type: 'counter' | 'gauge';
  read(scrape: Scrape): number | readonly Sample[];
}

interface HistogramMetric extends Declared {
  readonly type: 'histogram';
  /** The limits of its buckets, ascending. */
  readonly bounds: readonly number[];
  read(scrape: Scrape): readonly HistogramSample[];
}

/** A metric: what it is called, what it means, and how it is read when Prometheus asks for it. */
export type Metric = NumberMetric | HistogramMetric;

/** Metrics that the documentation shows in one table. */
export interface MetricGroup {
  readonly title: string;
  readonly metrics: readonly Metric[];
}
