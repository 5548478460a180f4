import type { LatencyHistogram } from './latency-histogram.js';
import type { Schedule } from './schedule.js';

/**
 * Latencies that count from when an act was due, not from when it was sent: a server that keeps one act waiting is not let
 * off the others that come meanwhile, which the client could not send or which wait in the server's socket. This is
 * what "corrected for coordinated omission" means.
 *
 * Act number n is sent by client n modulo their number, and each client's replies come in order: so it is known which
 * act a reply is for, and nothing needs to be remembered per act.
 */
export class DueLatencies {
  readonly #schedule: Schedule;
  readonly #latencies: LatencyHistogram;
  /** How many acts of each client are answered. */
  readonly #answered: Float64Array;
  readonly #from: number;

  /** @param from Acts due earlier are not recorded: they warm up. */
  constructor(schedule: Schedule, clients: number, latencies: LatencyHistogram, from: number) {
    this.#schedule = schedule;
    this.#answered = new Float64Array(clients);
    this.#latencies = latencies;
    this.#from = from;
  }

  /** The next `acts` of a client were answered at `instant`. */
  answered(client: number, acts: number, instant: number): void {
    for (let left = acts; left > 0; left--) {
      const due = this.#schedule.due(client + this.#answered[client]++ * this.#answered.length);
      if (due >= this.#from) this.#latencies.record(instant - due);
    }
  }
}
