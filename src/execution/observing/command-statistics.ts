import { bucketOf, DURATION_BUCKETS } from '../../duration-histogram.js';

/** What the statistics need to know of a command. */
interface CountedCommand {
  /** Unique, from 0. */
  readonly id: number;
  readonly fullName: string;
}

/** The counters of one command. */
export interface Tally {
  readonly name: string;
  calls: number;
  /** The total duration of all calls, in ms. */
  ms: number;
  /**
   * Calls refused before they ran, for example for a wrong number of arguments, missing permissions or lack of memory.
   */
  rejected: number;
  /** Calls that ran and ended with an error. */
  failed: number;
  /** Calls by duration, as in `DurationHistogram`. */
  readonly buckets: Float64Array;
}

/** Counts and times the calls of each command, for INFO commandstats and LATENCY HISTOGRAM. */
export class CommandStatistics {
  readonly #now: () => number;
  /** By the id of the command. */
  readonly #tallies: (Tally | undefined)[] = [];
  /** The tallies as they were at the latest reset. */
  #before: (Tally | undefined)[] = [];
  #mark = 0;
  #timing = false;

  /** @param now Reads the clock, in ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Starts the timing before commands are served. Returns the current time in ms. */
  begin(): number {
    this.#timing = true;
    this.#mark = this.#now();
    return this.#mark;
  }

  /** Stops the timing: everything that was read has been served. */
  end(): void {
    this.#timing = false;
  }

  /** Skips a request that was answered without a call, so that its time does not count for the next one. */
  skip(): void {
    this.#mark = this.#now();
  }

  /** When the latest request was answered or, before the first, serving began, in ms. */
  get mark(): number {
    return this.#mark;
  }

  /** When the current command began, in ms; the current time if none is being served. */
  get timestamp(): number {
    return this.#timing ? this.#mark : this.#now();
  }

  /**
   * Counts a call that has ended. Its time counts from the end of the previous call, or from `begin`: a command then
   * costs one reading of the clock, and the time includes decoding its request. Returns the duration in ms.
   */
  ran(entry: CountedCommand, failed: boolean): number {
    const started = this.#mark;
    this.#mark = this.#now();
    return this.record(entry, this.#mark - started, failed);
  }

  /** Counts a call that took `ms`. Returns `ms`. */
  record(entry: CountedCommand, ms: number, failed: boolean): number {
    const tally = this.#tallies[entry.id] ?? this.#tally(entry);
    tally.calls++;
    tally.ms += ms;
    if (failed) tally.failed++;
    tally.buckets[bucketOf(ms)]++;
    return ms;
  }

  rejected(entry: CountedCommand): void {
    this.#tally(entry).rejected++;
  }

  /** The counters of all commands called since the start. They never go back. */
  get lifetime(): Tally[] {
    return this.#tallies.filter((tally) => tally !== undefined);
  }

  /** Returns the counters of all commands called since the start or the latest reset. */
  tallies(): Tally[] {
    return this.#tallies
      .map((tally, id) => tally && since(tally, this.#before[id]))
      .filter((tally) => tally !== undefined && tally.calls + tally.rejected > 0) as Tally[];
  }

  /** Makes `tallies` begin again. */
  reset(): void {
    this.#before = this.#tallies.map((tally) => tally && { ...tally, buckets: tally.buckets.slice() });
  }

  #tally({ id, fullName }: CountedCommand): Tally {
    this.#tallies[id] ??= {
      name: fullName,
      calls: 0,
      ms: 0,
      rejected: 0,
      failed: 0,
      buckets: new Float64Array(DURATION_BUCKETS),
    };
    return this.#tallies[id];
  }
}

/** Returns what a tally has counted since it was as `before`. */
function since(tally: Tally, before: Tally | undefined): Tally {
  if (before === undefined) return tally;
  return {
    name: tally.name,
    calls: tally.calls - before.calls,
    ms: tally.ms - before.ms,
    rejected: tally.rejected - before.rejected,
    failed: tally.failed - before.failed,
    buckets: tally.buckets.map((count, bucket) => count - before.buckets[bucket]),
  };
}

/** Returns the longest duration that a bucket counts, in µs, rounded down. */
export function bucketLimit(bucket: number): number {
  return Math.floor((1024 * 2 ** bucket) / 1000);
}

/** Returns the duration, in µs, that the given share of the calls did not exceed: the limit of its bucket. */
export function quantile({ calls, buckets }: Tally, share: number): number {
  let left = Math.ceil(calls * share);
  let bucket = 0;
  while (left > buckets[bucket] && bucket < DURATION_BUCKETS - 1) left -= buckets[bucket++];
  return bucketLimit(bucket);
}
