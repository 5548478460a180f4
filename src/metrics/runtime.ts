import { constants, PerformanceObserver, performance } from 'node:perf_hooks';
import { DurationHistogram } from '../duration-histogram.js';

const GC_KINDS = {
  minor: constants.NODE_PERFORMANCE_GC_MINOR,
  major: constants.NODE_PERFORMANCE_GC_MAJOR,
  incremental: constants.NODE_PERFORMANCE_GC_INCREMENTAL,
  weak_callbacks: constants.NODE_PERFORMANCE_GC_WEAKCB,
} as const;

/**
 * Watches V8's garbage collector. This costs a little even if nobody looks and only metrics show it, so it runs only
 * while there is a listener for HTTP.
 */
export class Runtime {
  /** How long collections took, by kind. */
  readonly collections: ReadonlyMap<string, DurationHistogram>;
  readonly #observer: PerformanceObserver;

  constructor() {
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
  }

  stop(): void {
    this.#observer.disconnect();
  }

  /** For how many ms the event loop has been busy since the process began. */
  get activeMs(): number {
    return performance.eventLoopUtilization().active;
  }
}
