import { DurationHistogram } from '../../duration-histogram.js';

/** What the statistics need to know of a command. */
interface CountedCommand {
  /** Unique, from 0. */
  readonly id: number;
  readonly fullName: string;
}

/** The counters of one command: how often it ran and how long that took, and what did not succeed. */
export class Tally extends DurationHistogram {
  readonly name: string;
  /**
   * Calls refused before they ran, for example for a wrong number of arguments, missing permissions or lack of memory.
   */
  rejected = 0;
  /** Calls that ran and ended with an error. */
  failed = 0;

  constructor(name: string) {
    super();
    this.name = name;
  }

  /** Returns what has been counted since the tally was as `before`; without it, a copy. */
  since(before = new Tally(this.name)): Tally {
    const since = new Tally(this.name);
    since.count = this.count - before.count;
    since.ms = this.ms - before.ms;
    since.rejected = this.rejected - before.rejected;
    since.failed = this.failed - before.failed;
    for (let i = 0; i < this.buckets.length; i++) since.buckets[i] = this.buckets[i] - before.buckets[i];
    return since;
  }
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

  /** Like `begin`, at an earlier time: a script continues, whose commands all happen at that time. */
  beginAt(mark: number): void {
    this.#timing = true;
    this.#mark = mark;
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
    tally.record(ms);
    if (failed) tally.failed++;
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
      .map((tally, id) => tally?.since(this.#before[id]))
      .filter((tally) => tally !== undefined && tally.count + tally.rejected > 0) as Tally[];
  }

  /** Makes `tallies` begin again. */
  reset(): void {
    this.#before = this.#tallies.map((tally) => tally?.since());
  }

  #tally({ id, fullName }: CountedCommand): Tally {
    this.#tallies[id] ??= new Tally(fullName);
    return this.#tallies[id];
  }
}
