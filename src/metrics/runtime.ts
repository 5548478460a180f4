import { constants, PerformanceObserver, performance } from 'node:perf_hooks';
import { DurationHistogram } from '../duration-histogram.js';
import { type Clock, Lateness } from '../engine/index.js';

/**
 * How often to look how late the event loop is, in ms. A stall is seen as at least its length minus this. Each look wakes
 * the process, so looking more often costs an idle server noticeably more.
 */
const INTERVAL_MS = 50;

const GC_KINDS = {
  minor: constants.NODE_PERFORMANCE_GC_MINOR,
  major: constants.NODE_PERFORMANCE_GC_MAJOR,
  incremental: constants.NODE_PERFORMANCE_GC_INCREMENTAL,
  weak_callbacks: constants.NODE_PERFORMANCE_GC_WEAKCB,
} as const;

/**
 * Watches the event loop and V8's garbage collector. Unlike everything else that metrics show, this costs a little even
 * if nobody looks, so it runs only while there is a listener for HTTP.
 *
 * `monitorEventLoopDelay` would not do: it knows only percentiles since it was last reset. Prometheus needs counts that
 * never go back, whoever else looks.
 */
export class Runtime {
  /** How late a timer was, that is, for how long the event loop kept callbacks waiting. */
  readonly delay: Lateness;
  /** How long collections took, by kind. */
  readonly collections: ReadonlyMap<string, DurationHistogram>;
  readonly #clock: Clock;
  readonly #observer: PerformanceObserver;
  #due = 0;
  #cancel = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
    this.delay = new Lateness(clock.now());
    this.collections = new Map(Object.keys(GC_KINDS).map((kind) => [kind, new DurationHistogram()]));
    const byKind = new Map(
      Object.entries(GC_KINDS).map(([kind, number]) => [number as number, this.collections.get(kind)]),
    );
    this.#observer = new PerformanceObserver((list) => {
      // Entries about collections have this, whatever their type says.
      const entries = list.getEntries() as unknown as { detail: { kind: number }; duration: number }[];
      for (const { detail, duration } of entries) byKind.get(detail.kind)?.record(duration);
    });
    this.#observer.observe({ entryTypes: ['gc'] });
    this.#wait(clock.now());
  }

  stop(): void {
    this.#observer.disconnect();
    this.#cancel();
  }

  /** For how many ms the event loop has been busy since the process began. */
  get activeMs(): number {
    return performance.eventLoopUtilization().active;
  }

  #wait(now: number): void {
    this.#due = now + INTERVAL_MS;
    this.#cancel = this.#clock.after(INTERVAL_MS, this.#look);
  }

  readonly #look = (): void => {
    const now = this.#clock.now();
    this.delay.record(Math.max(0, now - this.#due), now);
    this.#wait(now);
  };
}
