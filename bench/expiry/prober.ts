import type { Exchange } from './ask.js';
import { Child } from './child.js';

/** The first message to the process. */
export interface ProberOrder {
  readonly port: number;
  readonly probe: Exchange;
  /** Commands per second. */
  readonly rate: number;
}

/** What the process found: one figure per command, in ms. */
export interface Probed {
  /** From the time a command was due to be sent until its reply was read. */
  readonly latencies: Float64Array;
  /** From the time a command was due to be sent until it was sent: the part that the server is not responsible for. */
  readonly sendDelays: Float64Array;
}

/**
 * The second client, in a separate process. It sends commands at fixed times, whether or not the previous one has been
 * answered. Latency counts from the time a command was due, so a delay of the server counts for every command that was
 * due during it.
 */
export class Prober {
  readonly #child: Child;

  /** Resolves when the process is connected. */
  static async start(order: ProberOrder): Promise<Prober> {
    return new Prober(await Child.start('./prober-process.ts', order));
  }

  private constructor(child: Child) {
    this.#child = child;
  }

  /** Rejects if the process gets a wrong reply or the connection ends. */
  get failure(): Promise<never> {
    return this.#child.failure;
  }

  /** Measures from `instant` on, in ms of `now()`. The second before that is for warming up. */
  begin(instant: number): void {
    this.#child.post(instant);
  }

  /** Stops sending, waits for the missing replies, and returns the figures. */
  async end(): Promise<Probed> {
    this.#child.post('end');
    return (await this.#child.message()) as Probed;
  }

  stop(): void {
    this.#child.stop();
  }
}
