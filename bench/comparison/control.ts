import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Address } from '../load/client.js';

/** Controls a server, with an ordinary client, before and after what is measured. */
export class Control {
  readonly #client: Redis;

  constructor(address: Address) {
    this.#client = new Redis({ ...address, retryStrategy: null });
    // The next command fails and says why.
    this.#client.on('error', () => {});
  }

  /** Returns the number of sessions. */
  async count(): Promise<number> {
    return await this.#client.dbsize();
  }

  /**
   * Removes all sessions. Resolves when their memory is free too: a server may free it after its reply, which would
   * affect the next measurement.
   */
  async removeAll(): Promise<void> {
    await this.#client.flushall();
    while (/^lazyfree_pending_objects:[1-9]/m.test(await this.#client.info('memory'))) await setTimeout(1);
  }

  /** Starts to rewrite the journal in the background. */
  async rewriteJournal(): Promise<void> {
    await this.#client.bgrewriteaof();
  }

  /** Whether the server is rewriting its journal. */
  async rewritesJournal(): Promise<boolean> {
    return /^aof_rewrite_(?:in_progress|scheduled):1/m.test(await this.#client.info('persistence'));
  }

  /** Whether the server has session commands. */
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
