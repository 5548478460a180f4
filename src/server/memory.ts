import type { SessionEngine } from '../engine/index.js';
import type { MemoryAccount } from '../execution/context/memory-account.js';
import type { EventStream } from '../stream/event-stream.js';

/**
 * The memory in use, as Redis counts it, not the memory that the process holds. It is the sum of what each part counts.
 * V8's figures for its heap would include garbage, so evictions would seem to free nothing.
 */
export class Memory implements MemoryAccount {
  readonly startup: number;
  readonly #engine: SessionEngine;
  readonly #stream: EventStream | undefined;
  readonly #clients: { readonly total: number };
  #peak = 0;

  /** @param clients The memory of all clients. */
  constructor(engine: SessionEngine, stream: EventStream | undefined, clients: { readonly total: number }) {
    const { heapUsed, external } = process.memoryUsage();
    this.startup = heapUsed + external;
    this.#engine = engine;
    this.#stream = stream;
    this.#clients = clients;
  }

  get sessions(): number {
    return this.#engine.memory;
  }

  get events(): number {
    return this.#stream?.bytes ?? 0;
  }

  get clients(): number {
    return this.#clients.total;
  }

  get used(): number {
    const used = this.startup + this.sessions + this.events + this.clients;
    this.#peak = Math.max(this.#peak, used);
    return used;
  }

  get peak(): number {
    return Math.max(this.#peak, this.used);
  }
}
