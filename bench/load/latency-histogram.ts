import { build, type Histogram } from 'hdr-histogram-js';

/** Quantiles of latencies, in ms. */
export interface Latencies {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** The longest latency that can be recorded, in µs: five minutes. Longer latencies count as this one. */
const LONGEST = 300e6;

/** An HDR histogram of latencies, exact to a thousandth, in constant memory. */
export class LatencyHistogram {
  readonly #histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST,
    numberOfSignificantValueDigits: 3,
    // The WebAssembly version would have to be loaded first, and would gain nothing at one call per read from a socket.
    useWebAssembly: false,
  });

  get count(): number {
    return this.#histogram.totalCount;
  }

  /** @param latency In ms. */
  record(latency: number): void {
    this.#histogram.recordValue(Math.min(Math.max(0, Math.round(latency * 1000)), LONGEST));
  }

  summarize(): Latencies {
    const at = (percentile: number) => this.#histogram.getValueAtPercentile(percentile) / 1000;
    return { p50: at(50), p99: at(99), p999: at(99.9), max: this.#histogram.maxValue / 1000 };
  }
}
