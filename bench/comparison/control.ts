import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Address } from '../load/client.js';

/** Tells a server, with an ordinary client, what is not measured. */
export class Control {
  readonly #client: Redis;

  constructor(address: Address) {
    this.#client = new Redis({ ...address, retryStrategy: null });
    // What is asked next fails, and says why.
    this.#client.on('error', () => {});
  }

  /** How many sessions there are. */
  async count(): Promise<number> {
    return await this.#client.dbsize();
  }

  /** Resolves when the memory of all sessions is free too: a server may do that after its reply, at the cost of what is measured next. */
  async removeAll(): Promise<void> {
    await this.#client.flushall();
    while (/^lazyfree_pending_objects:[1-9]/m.test(await this.#client.info('memory'))) await setTimeout(1);
  }

  /** Has it write its journal anew, in the background. */
  async rewriteJournal(): Promise<void> {
    await this.#client.bgrewriteaof();
  }

  /** Whether it is at that. */
  async rewritesJournal(): Promise<boolean> {
    return /^aof_rewrite_(?:in_progress|scheduled):1/m.test(await this.#client.info('persistence'));
  }

  /** Whether it knows the commands of sessions. */
  async knowsSessions(): Promise<boolean> {
    return await this.#client.call('SESSION.STATS').then(
      () => true,
      () => false,
    );
  }

  close(): void {
    this.#client.disconnect();
  }
}
