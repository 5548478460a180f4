/** What can take long. The names are those of Redis, where Redis has the same thing. */
export type LatencyEvent =
  | 'command'
  | 'fast-command'
  | 'expire-cycle'
  | 'eviction-cycle'
  | 'aof-fsync-always'
  | 'event-loop-stall';

/** The number of samples that are kept of an event, as in Redis. */
const MOST_SAMPLES = 160;

interface LatencySample {
  /** Unix seconds. */
  readonly at: number;
  /** The longest of that second, in whole ms. */
  ms: number;
}

export interface LatencySeries {
  readonly event: LatencyEvent;
  /** Oldest first. At least one. */
  readonly samples: LatencySample[];
  /** The longest ever, in ms. */
  max: number;
}

/** Keeps what took at least `latency-monitor-threshold` ms: LATENCY. */
export class LatencyMonitor {
  /** In ms. Infinity if nothing is recorded. Compare with it before calling `add`. */
  threshold = Infinity;
  readonly #wall: () => number;
  readonly #series = new Map<LatencyEvent, LatencySeries>();

  /** @param wall Reads the wall clock, in ms. */
  constructor(wall: () => number) {
    this.#wall = wall;
  }

  /** Records an event that took `ms`, at least the threshold. Of each second, the longest is kept. */
  add(event: LatencyEvent, ms: number): void {
    const at = Math.floor(this.#wall() / 1000);
    const whole = Math.floor(ms);
    const series = this.#series.get(event) ?? { event, samples: [], max: 0 };
    this.#series.set(event, series);
    series.max = Math.max(series.max, whole);
    const last = series.samples.at(-1);
    if (last?.at === at) {
      last.ms = Math.max(last.ms, whole);
      return;
    }
    series.samples.push({ at, ms: whole });
    if (series.samples.length > MOST_SAMPLES) series.samples.shift();
  }

  /** Returns the events that were recorded. */
  all(): LatencySeries[] {
    return [...this.#series.values()];
  }

  /** Returns what was recorded of an event, by its name in any form. */
  of(event: string): LatencySeries | undefined {
    return this.#series.get(event as LatencyEvent);
  }

  /** Forgets an event. Returns whether there was one. */
  forget(event: string): boolean {
    return this.#series.delete(event as LatencyEvent);
  }
}
