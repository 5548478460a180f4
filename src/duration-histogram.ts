/**
 * The number of buckets. Bucket `i` counts durations of up to 1.024 µs * 2^i. The last one, for more than an hour, also
 * counts all longer durations.
 */
export const DURATION_BUCKETS = 33;

const NS_PER_MS = 1e6;

/** Returns the index of the bucket that counts a duration in ms. */
export function bucketOf(ms: number): number {
  const units = (ms * NS_PER_MS) / 1024;
  return units >= 2 ** 32 ? DURATION_BUCKETS - 1 : 32 - Math.clz32(units);
}

/** Counts durations in powers of two. Recording one allocates nothing. */
export class DurationHistogram {
  /** The number of durations. */
  count = 0;
  /** The sum of all durations, in ms. */
  ms = 0;
  readonly buckets = new Float64Array(DURATION_BUCKETS);

  /** @param ms 0 or more. */
  record(ms: number): void {
    this.count++;
    this.ms += ms;
    this.buckets[bucketOf(ms)]++;
  }
}
