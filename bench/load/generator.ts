import { Child } from './child.js';
import type { Effort, Findings, Order } from './order.js';

/** The load generator, in a separate process. It carries out one order at a time. */
export class LoadGenerator {
  readonly #child: Child;

  static async start(): Promise<LoadGenerator> {
    return new LoadGenerator(await Child.start('./generator-process.ts'));
  }

  private constructor(child: Child) {
    this.#child = child;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Prepares an order: its requests and its connections. Nothing is sent yet. */
  async prepare<Kind extends Order['kind']>(order: Extract<Order, { kind: Kind }>): Promise<PreparedOrder<Kind>> {
    this.#child.post(order);
    await this.#child.message();
    return new PreparedOrder(this.#child);
  }

  async run<Kind extends Order['kind']>(order: Extract<Order, { kind: Kind }>): Promise<Findings[Kind] & Effort> {
    return (await this.prepare<Kind>(order)).begin();
  }

  stop(): void {
    this.#child.stop();
  }
}

export class PreparedOrder<Kind extends Order['kind']> {
  readonly #child: Child;

  constructor(child: Child) {
    this.#child = child;
  }

  /**
   * Begins to send, and resolves when all is answered.
   * @throws Error if the server gave a wrong reply.
   */
  async begin(): Promise<Findings[Kind] & Effort> {
    this.#child.post('go');
    return (await this.#child.message()) as Findings[Kind] & Effort;
  }

  /** Ends an open loop that has no end. */
  end(): void {
    this.#child.post('end');
  }
}
