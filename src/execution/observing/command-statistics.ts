/** Bucket `i` counts calls of up to 1.024 µs * 2^i; the last one, of more than an hour, everything longer. */
const BUCKETS = 33;
const NS_PER_MS = 1e6;

/** A command, as far as it is counted. */
interface CountedCommand {
  /** A number of its own, from 0. */
  readonly id: number;
  readonly fullName: string;
}

/** What became of the calls of one command. */
export interface Tally {
  readonly name: string;
  calls: number;
  /** Milliseconds that all calls took together. */
  ms: number;
  /** Refused before they ran: for their shape, for what the user may do, for lack of memory. */
  rejected: number;
  /** Ran and ended with an error. */
  failed: number;
  /** Calls by how long they took, in powers of two. */
  readonly buckets: Float64Array;
}

/** How often each command is called, and how long it takes: INFO commandstats and LATENCY HISTOGRAM. */
export class CommandStatistics {
  readonly #now: () => number;
  #tallies: (Tally | undefined)[] = [];
  #mark = 0;
  #timing = false;

  /** @param now The clock, in ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Commands are about to be served: starts to take time. Returns the instant in ms. */
  begin(): number {
    this.#timing = true;
    this.#mark = this.#now();
    return this.#mark;
  }

  /** What was at hand is served. */
  end(): void {
    this.#timing = false;
  }

  /** A request was answered without a call: the time that it took is not that of the next one. */
  skip(): void {
    this.#mark = this.#now();
  }

  /** When the latest request was answered, or serving began, in ms. */
  get mark(): number {
    return this.#mark;
  }

  /** When the command that is being served began, in ms; the present instant if none is. */
  get instant(): number {
    return this.#timing ? this.#mark : this.#now();
  }

  /**
   * A call has ended. It took the time since the one before, or since `begin`, so that a command costs one
   * look at the clock; reading its request counts as well. Returns how long, in ms.
   */
  ran(entry: CountedCommand, failed: boolean): number {
    const started = this.#mark;
    this.#mark = this.#now();
    return this.record(entry, this.#mark - started, failed);
  }

  /** A call took `ms`. */
  record(entry: CountedCommand, ms: number, failed: boolean): number {
    const tally = this.#tallies[entry.id] ?? this.#tally(entry);
    tally.calls++;
    tally.ms += ms;
    if (failed) tally.failed++;
    const units = (ms * NS_PER_MS) / 1024;
    tally.buckets[units >= 2 ** 32 ? BUCKETS - 1 : 32 - Math.clz32(units)]++;
    return ms;
  }

  rejected(entry: CountedCommand): void {
    this.#tally(entry).rejected++;
  }

  /** Of the commands that were called since the start or the latest reset. */
  tallies(): Tally[] {
    return this.#tallies.filter((tally) => tally !== undefined);
  }

  reset(): void {
    this.#tallies = [];
  }

  #tally({ id, fullName }: CountedCommand): Tally {
    this.#tallies[id] ??= {
      name: fullName,
      calls: 0,
      ms: 0,
      rejected: 0,
      failed: 0,
      buckets: new Float64Array(BUCKETS),
    };
    return this.#tallies[id];
  }
}

/** What a tally's bucket counts at the most, in µs, rounded down. */
export function bucketLimit(bucket: number): number {
  return Math.floor((1024 * 2 ** bucket) / 1000);
}

/** How long, in µs, the given share of a tally's calls took at the most, by the bucket's limit. */
export function quantile({ calls, buckets }: Tally, share: number): number {
  let left = Math.ceil(calls * share);
  let bucket = 0;
  while (left > buckets[bucket] && bucket < BUCKETS - 1) left -= buckets[bucket++];
  return bucketLimit(bucket);
}
