import type { LatencyHistogram } from './latency-histogram.js';

/** When the requests in flight on a connection were sent. Replies come in the same order. */
export class SentTimes {
  readonly #times: Float64Array;
  #sent = 0;
  #answered = 0;

  /** @param most The most requests in flight. */
  constructor(most: number) {
    this.#times = new Float64Array(most);
  }

  get inFlight(): number {
    return this.#sent - this.#answered;
  }

  add(count: number, time: number): void {
    for (let left = count; left > 0; left--) this.#times[this.#sent++ % this.#times.length] = time;
  }

  /**
   * Records the latencies of the oldest `count` requests, which are now answered. Requests sent together are recorded
   * together.
   */
  remove(count: number, time: number, latencies: LatencyHistogram): void {
    const end = this.#answered + count;
    while (this.#answered < end) {
      const sent = this.#times[this.#answered % this.#times.length];
      const first = this.#answered;
      while (this.#answered < end && this.#times[this.#answered % this.#times.length] === sent) this.#answered++;
      latencies.record(time - sent, this.#answered - first);
    }
  }
}
