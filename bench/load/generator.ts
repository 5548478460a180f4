import { Child } from '../expiry/child.js';
import type { Findings, Order, Outcome } from './order.js';

/** The findings that all orders have. */
export interface Effort {
  /**
   * The share of one core that the generator used, from 0 to 1. Near 1 the generator itself may limit the operations
   * per second.
   */
  readonly busy: number;
}

/** The load generator, in a separate process. */
export class LoadGenerator {
  readonly #child: Child;

  static async start(): Promise<LoadGenerator> {
    return new LoadGenerator(await Child.start('../load/generator-process.ts', 'start'));
  }

  private constructor(child: Child) {
    this.#child = child;
  }

  /**
   * Runs an order.
   * @param around Called when the requests are prepared and the connections are open, right before the load begins. The
   *   function that it returns is called right after the load has ended.
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
