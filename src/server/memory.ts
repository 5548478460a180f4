import type { SessionEngine } from '../engine/index.js';
import type { MemoryAccount } from '../execution/context/context.js';

/**
 * What is used of memory, as Redis counts it: what is in use, not what the process holds. It is added up from
 * what each part knows of itself. What V8 says of its heap would not do: it counts what is garbage already, so
 * that nothing evicted would seem to help.
 */
export class Memory implements MemoryAccount {
  readonly startup: number;
  readonly #engine: SessionEngine;
  readonly #clients: { readonly total: number };
  #peak = 0;

  /** @param clients What all clients hold. */
  constructor(engine: SessionEngine, clients: { readonly total: number }) {
    const { heapUsed, external } = process.memoryUsage();
    this.startup = heapUsed + external;
    this.#engine = engine;
    this.#clients = clients;
  }

  get sessions(): number {
    return this.#engine.memory;
  }

  get clients(): number {
    return this.#clients.total;
  }

  get used(): number {
    const used = this.startup + this.sessions + this.clients;
    this.#peak = Math.max(this.#peak, used);
    return used;
  }

  get peak(): number {
    return Math.max(this.#peak, this.used);
  }
}
