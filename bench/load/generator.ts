import { Child } from '../expiry/child.js';
import type { Findings, Order, Outcome } from './order.js';

/** A part of the findings that all orders have. */
export interface Effort {
  /** Of a processor, how much the generator itself took: near 1 it may be what limits the acts per second. */
  readonly busy: number;
}

/** The load generator, in a process of its own. */
export class LoadGenerator {
  readonly #child: Child;

  static async start(): Promise<LoadGenerator> {
    return new LoadGenerator(await Child.start('../load/generator-process.ts', 'start'));
  }

  private constructor(child: Child) {
    this.#child = child;
  }

  /**
   * @param around Called when the requests are prepared and the connections open, right before the load begins; what it
   *   returns is called right after it has ended.
   * @throws Error if the server gave a wrong reply.
   */
  async run<Kind extends Order['kind']>(
    order: Extract<Order, { kind: Kind }>,
    around: () => () => void = () => () => {},
  ): Promise<Findings[Kind] & Effort> {
    this.#child.post(order);
    const prepared = await this.#child.message();
    if (prepared !== 'prepared') throw new Error((prepared as { failure: string }).failure);
    const after = around();
    this.#child.post('go');
    const outcome = (await this.#child.message()) as Outcome<Kind>;
    after();
    if (outcome.failure !== undefined) throw new Error(outcome.failure);
    return outcome as Findings[Kind] & Effort;
  }

  stop(): void {
    this.#child.stop();
  }
}
