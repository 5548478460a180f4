/** The last bucket, for more than an hour, also counts all longer durations. */
const BUCKETS = 33;

const NS_PER_MS = 1e6;

/** Returns the index of the bucket that counts a duration in ms. */
function bucketOf(ms: number): number {
  const units = (ms * NS_PER_MS) / 1024;
  return units >= 2 ** 32 ? BUCKETS - 1 : 32 - Math.clz32(units);
}

/** Returns the longest duration that a bucket counts, in ns. */
export function bucketLimit(bucket: number): number {
  return 1024 * 2 ** bucket;
}

/** Counts durations in powers of two. Recording one allocates nothing. */
export class DurationHistogram {
  /** The number of durations. */
  count = 0;
  /** The sum of all durations, in ms. */
  ms = 0;
  /** Durations by their bucket. See `bucketLimit`. */
  readonly buckets = new Float64Array(BUCKETS);

  /** @param ms 0 or more. */
  record(ms: number): void {
    this.count++;
    this.ms += ms;
    this.buckets[bucketOf(ms)]++;
  }

  /** Returns the duration, in ns, that the given share of all did not exceed: the limit of its bucket. */
  quantile(share: number): number {
    let left = Math.ceil(this.count * share);
    let bucket = 0;
    while (left > this.buckets[bucket] && bucket < BUCKETS - 1) left -= this.buckets[bucket++];
    return bucketLimit(bucket);
  }
}
