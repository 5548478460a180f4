/** Up to this many ms there is one bucket per ms. Beyond that, there are this many buckets per doubling. */
const PER_DOUBLING = 64;
const DOUBLING_BITS = 6;
/** The limit of the last bucket in ms, 70 minutes. It also counts everything later. */
const LAST_LIMIT = 2 ** 22;
const BUCKETS = bucketOf(LAST_LIMIT) + 1;

/** How many periods `recent` looks back, including the current one. */
const PERIODS = 5;

/** How many ms `recent` looks back at most, by default. */
export const RECENT_MS = 5 * 60_000;

/**
 * An expiry, or a stall of the event loop, of more than this many ms is worth an operator's attention: five times what
 * respite promises. The log and the page use it, and the alerts for Prometheus have the same number.
 */
export const LATE_MS = 100;

/** How late something was, in ms, rounded up by at most 1 ms or a 64th. All are 0 if nothing was recorded. */
export interface LatenessSummary {
  /** How many were recorded. */
  readonly count: number;
  /** Half were at most this late. */
  readonly p50: number;
  /** 99 % were at most this late. */
  readonly p99: number;
  readonly max: number;
}

/**
 * A histogram of how late something was, since it was made and recently. Its size is fixed, and recording allocates
 * nothing. The buckets are those of G. Tene's HdrHistogram: the longer, the wider.
 */
export class Lateness {
  readonly #counts = new Float64Array(BUCKETS);
  #sum = 0;
  /** The greatest lateness since `takeWorst`, in ms. */
  #worst = 0;
  readonly #periodMs: number;
  /** The counts as they were when each of the last periods began. */
  readonly #starts = Array.from({ length: PERIODS }, () => new Float64Array(BUCKETS));
  /** The greatest lateness in each of these periods, in ms. */
  readonly #maxima = new Float64Array(PERIODS);
  /** The index of the current period, and when it ends. */
  #period = 0;
  #periodEnd: number;
  /** The counts as they were at the last reset, and the greatest lateness between then and the current period. */
  readonly #before = new Float64Array(BUCKETS);
  #maxBefore = 0;

  /**
   * @param now In ms.
   * @param recentMs How many ms `recent` looks back at most.
   */
  constructor(now: number, recentMs = RECENT_MS) {
    this.#periodMs = recentMs / PERIODS;
    this.#periodEnd = now + this.#periodMs;
  }

  /**
   * @param ms From when it was due to when it happened, 0 or more.
   * @param now The time in ms. It must not go back.
   */
  record(ms: number, now: number): void {
    if (now >= this.#periodEnd) this.#beginPeriod(now);
    this.#counts[bucketOf(ms)]++;
    this.#sum += ms;
    if (ms > this.#worst) this.#worst = ms;
    if (ms > this.#maxima[this.#period]) this.#maxima[this.#period] = ms;
  }

  /** Summarizes the current fifth of `recentMs` and the four before it, but nothing from before the last reset. */
  recent(now: number): LatenessSummary {
    if (now >= this.#periodEnd) this.#beginPeriod(now);
    return this.#summary(this.#starts[(this.#period + 1) % PERIODS], Math.max(...this.#maxima));
  }

  /** Summarizes everything since this was made or reset. */
  total(): LatenessSummary {
    return this.#summary(this.#before, Math.max(this.#maxBefore, this.#maxima[this.#period]));
  }

  /** Makes `recent` and `total` begin again. `sum` and `counts` never go back. */
  reset(): void {
    for (const start of [this.#before, ...this.#starts]) start.set(this.#counts);
    this.#maxima.fill(0);
    this.#maxBefore = 0;
  }

  /**
   * Returns the greatest lateness since the last call, in ms. For one reader only; the other methods are for any
   * number.
   */
  takeWorst(): number {
    const worst = this.#worst;
    this.#worst = 0;
    return worst;
  }

  /** The sum of everything recorded, in ms. */
  get sum(): number {
    return this.#sum;
  }

  /**
   * Returns how many were at most as late as each of the limits, and how many there were in all.
   * @param limits In ms, ascending. Exact if each is an integer of up to 7 bits, possibly times a power of two.
   */
  counts(limits: readonly number[]): number[] {
    const counts: number[] = [];
    let bucket = 0;
    let sum = 0;
    for (const last of [...limits.map(bucketOf), BUCKETS - 1]) {
      while (bucket <= last) sum += this.#counts[bucket++];
      counts.push(sum);
    }
    return counts;
  }

  #beginPeriod(now: number): void {
    const passed = 1 + Math.floor((now - this.#periodEnd) / this.#periodMs);
    this.#maxBefore = Math.max(this.#maxBefore, this.#maxima[this.#period]);
    for (let i = Math.min(passed, PERIODS); i > 0; i--) {
      this.#period = (this.#period + 1) % PERIODS;
      this.#starts[this.#period].set(this.#counts);
      this.#maxima[this.#period] = 0;
    }
    this.#periodEnd += passed * this.#periodMs;
  }

  #summary(since: Float64Array, max: number): LatenessSummary {
    let count = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) count += this.#counts[bucket] - since[bucket];
    const greatest = Math.ceil(max);
    const quantile = (share: number) => {
      let left = Math.ceil(count * share);
      if (left === 0) return 0;
      let bucket = 0;
      while (left > this.#counts[bucket] - since[bucket]) left -= this.#counts[bucket] - since[bucket++];
      return Math.min(limitOf(bucket), greatest);
    };
    return { count, p50: quantile(0.5), p99: quantile(0.99), max: greatest };
  }
}

/** Returns the index of the first bucket whose limit is at least `ms`. */
function bucketOf(ms: number): number {
  const below = Math.ceil(ms) - 1;
  if (below < PER_DOUBLING) return below + 1;
  if (below >= LAST_LIMIT) return BUCKETS - 1;
  const doublings = 31 - DOUBLING_BITS - Math.clz32(below);
  return doublings * PER_DOUBLING + (below >>> doublings) + 1;
}

/** Returns the greatest lateness that a bucket counts, in ms. */
function limitOf(bucket: number): number {
  const before = bucket - 1;
  const doublings = Math.max(0, (before >>> DOUBLING_BITS) - 1);
  return bucket <= PER_DOUBLING ? bucket : (before - doublings * PER_DOUBLING + 1) << doublings;
}
