import { build, type Histogram } from 'hdr-histogram-js';

/** Quantiles of latencies, in µs. */
export interface LatencySummary {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** The longest latency that can be recorded, in µs: one minute. Longer latencies count as this one. */
const LONGEST = 60e6;

/** An HDR histogram of latencies, exact to a thousandth, in constant memory. */
export class LatencyHistogram {
  readonly #histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST,
    numberOfSignificantValueDigits: 3,
    // The WebAssembly version would have to be loaded first, and would gain nothing at one call per read from a socket.
    useWebAssembly: false,
  });

  /**
   * @param latency In ms.
   * @param count How many requests had it.
   */
  record(latency: number, count = 1): void {
    this.#histogram.recordValueWithCount(Math.min(Math.max(0, Math.round(latency * 1000)), LONGEST), count);
  }

  summarize(): LatencySummary {
    const at = (percentile: number) => this.#histogram.getValueAtPercentile(percentile);
    return {
      count: this.#histogram.totalCount,
      p50: at(50),
      p99: at(99),
      p999: at(99.9),
      max: this.#histogram.maxValue,
    };
  }
}
