import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Findings, Order, Target, Work } from './orders.js';

/** An order whose requests and connections are ready. */
export interface Prepared<Found> {
  /**
   * Starts sending. Resolves when everything has been answered.
   * @param start A message for the load generator: the shape of the sessions, for an order that receives events.
   * @throws Error if the server gave a wrong reply.
   */
  begin(start?: unknown): Promise<Found>;
  /** Ends an open loop that has no end. */
  end(): void;
}

/**
 * The load generator, in a process of its own so that other work does not delay what it measures. It carries out one
 * order at a time.
 */
export class LoadGenerator {
  readonly #process: ChildProcess;
  readonly #ended: Promise<never>;
  #stopped = false;

  static async start(): Promise<LoadGenerator> {
    const generator = new LoadGenerator();
    await generator.#message();
    return generator;
  }

  private constructor() {
    const program = fileURLToPath(new URL('./generator-process.ts', import.meta.url));
    // JSON has no Infinity.
    this.#process = fork(program, { execArgv: ['--import', 'tsx'], serialization: 'advanced' });
    this.#ended = new Promise((_, reject) => {
      this.#process.once('exit', () => {
        if (!this.#stopped) reject(new Error('the load generator ended too soon'));
      });
    });
    // `#message` rejects too, so perhaps nobody waits for this promise.
    this.#ended.catch(() => {});
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /**
   * Prepares an order. Nothing is sent yet.
   * @param targets For a closed loop or a fill there may be several, which share the work evenly. Each gets the same
   *   numbers (of sessions, for example) in each order.
   */
  async prepare<Given extends Order>(
    targets: Target | readonly Target[],
    order: Given,
  ): Promise<Prepared<Findings[Given['kind']]>> {
    const plain = [targets].flat().map(({ port, dialect, tag }) => ({ port, dialect, tag }));
    this.#process.send({ targets: plain, order });
    await this.#message();
    return {
      begin: async (start = 'begin') => {
        this.#process.send(start as object);
        return (await this.#message()) as Findings[Given['kind']];
      },
      end: () => this.#process.send('end'),
    };
  }

  /** Runs each operation once, as fast as possible. */
  async fill(targets: Target | readonly Target[], work: Work, block = 50_000): Promise<void> {
    const prepared = await this.prepare(targets, { kind: 'fill', work, block });
    await prepared.begin();
  }

  stop(): void {
    this.#stopped = true;
    this.#process.kill();
  }

  /**
   * Returns the next message of the process.
   * @throws Error if it ends instead, or reports a failure.
   */
  async #message(): Promise<unknown> {
    const [message] = await Promise.race([once(this.#process, 'message'), this.#ended]);
    const { failure } = message as { failure?: string };
    if (failure !== undefined) throw new Error(failure);
    return message;
  }
}
