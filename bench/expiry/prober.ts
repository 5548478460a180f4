import type { Exchange } from './ask.js';
import { Child } from './child.js';

/** What its process is told first. */
export interface ProberOrder {
  readonly port: number;
  readonly probe: Exchange;
  /** Commands a second. */
  readonly rate: number;
}

/** What it found; one figure for each command, in ms. */
export interface Probed {
  /** From when the command was due to be sent to when the reply was read. */
  readonly latencies: Float64Array;
  /** From when the command was due to be sent to when it was: the part that is not the server's. */
  readonly sendDelays: Float64Array;
}

/**
 * The second client: sends a command at fixed instants, whether the one before was answered or not, in a process of
 * its own. Latency counts from that instant, so that a server which keeps one command waiting is not let off the
 * others that would have come meanwhile.
 */
export class Prober {
  readonly #child: Child;

  /** Resolves when it is connected. */
  static async start(order: ProberOrder): Promise<Prober> {
    return new Prober(await Child.start('./prober-process.ts', order));
  }

  private constructor(child: Child) {
    this.#child = child;
  }

  /** Rejects if it gets a wrong reply or none. */
  get failure(): Promise<never> {
    return this.#child.failure;
  }

  /** Measures from `instant` on, in ms of `now()`. It sends for a second before as well, to warm up. */
  begin(instant: number): void {
    this.#child.post(instant);
  }

  /** Sends no more, waits for the replies that are missing, and returns what it found. */
  async end(): Promise<Probed> {
    this.#child.post('end');
    return (await this.#child.message()) as Probed;
  }

  stop(): void {
    this.#child.stop();
  }
}
