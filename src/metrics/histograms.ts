import { bucketLimit, type DurationHistogram } from '../duration-histogram.js';
import type { Lateness } from '../engine/index.js';
import type { HistogramSample } from './metric.js';

/**
 * The buckets of a `DurationHistogram` that metrics show: every other one, from 16 µs to 4 s. Their limits are exact,
 * so nothing has to be estimated.
 */
const SHOWN_BUCKETS = [4, 6, 8, 10, 12, 14, 16, 18, 20, 22];

/** The limits of these buckets, in seconds. */
export const DURATION_BOUNDS = SHOWN_BUCKETS.map((bucket) => bucketLimit(bucket) / 1e9);

/** Limits of buckets of `Lateness`, in ms. */
const LATENESS_MS = [1, 2, 5, 10, 20, 50, 100, 250, 500, 1000, 2000];

/** The same in seconds. */
export const LATENESS_BOUNDS = LATENESS_MS.map((ms) => ms / 1000);

export function durationSample({ ms, buckets }: DurationHistogram, ...labels: string[]): HistogramSample {
  const counts: number[] = [];
  let bucket = 0;
  let sum = 0;
  for (const last of [...SHOWN_BUCKETS, buckets.length - 1]) {
    while (bucket <= last) sum += buckets[bucket++];
    counts.push(sum);
  }
  return { labels, counts, sum: ms / 1000 };
}

export function latenessSample(lateness: Lateness): HistogramSample {
  return { labels: [], counts: lateness.counts(LATENESS_MS), sum: lateness.sum / 1000 };
}
