import type { LatencyHistogram } from './latency-histogram.js';

/**
 * When operations are due, and their latencies. They are due at fixed times, whether or not the previous ones have been
 * answered, and their latencies count from those times, not from when they were sent ("corrected for coordinated
 * omission"). A delay of the server then counts for every operation that was due during it, even if the client could
 * not send it or it waited in the server's socket.
 *
 * Operation n is sent by client n modulo the number of clients, and each client's replies come in order. So it is known
 * which operation a reply belongs to, and nothing has to be stored per operation.
 */
export class DueLatencies {
  readonly #start: number;
  /** The time between two operations, in ms. */
  readonly #interval: number;
  readonly #latencies: LatencyHistogram;
  readonly #from: number;
  /** How many operations of each client are answered. */
  readonly #answered: Float64Array;

  /**
   * @param start When the first operation is due, in ms.
   * @param from Operations due earlier are not recorded: they warm up the server.
   */
  constructor(start: number, perSecond: number, clients: number, latencies: LatencyHistogram, from: number) {
    this.#start = start;
    this.#interval = 1000 / perSecond;
    this.#answered = new Float64Array(clients);
    this.#latencies = latencies;
    this.#from = from;
  }

  due(operation: number): number {
    return this.#start + operation * this.#interval;
  }

  /** Returns how many operations are due by a time. */
  dueBy(time: number): number {
    return Math.max(0, Math.floor((time - this.#start) / this.#interval) + 1);
  }

  /** Records that the next operations of a client were answered at `time`. */
  answered(client: number, operations: number, time: number): void {
    for (let left = operations; left > 0; left--) {
      const due = this.due(client + this.#answered[client]++ * this.#answered.length);
      if (due >= this.#from) this.#latencies.record(time - due);
    }
  }
}
