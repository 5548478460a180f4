import type { SessionEngine } from '../engine/index.js';
import type { Counters, SessionCounters } from '../execution/context/counters.js';

/** Counts events since the server's start or CONFIG RESETSTAT. The engine's own counts are never reset. */
export class Counting {
  readonly counters: Counters = freshCounters();
  readonly #engine: SessionEngine;
  #before: SessionCounters = { expired: 0, evicted: 0, found: 0, missed: 0 };

  constructor(engine: SessionEngine) {
    this.#engine = engine;
  }

  /** Returns how many sessions expired or were evicted, and how many look-ups succeeded or failed. */
  sessions(): SessionCounters {
    const { expired, evicted, found, missed } = this.#engine.stats();
    return {
      expired: expired - this.#before.expired,
      evicted: evicted - this.#before.evicted,
      found: found - this.#before.found,
      missed: missed - this.#before.missed,
    };
  }

  reset(): void {
    this.#before = this.#engine.stats();
    Object.assign(this.counters, freshCounters());
  }
}

function freshCounters(): Counters {
  return {
    connections: 0,
    rejectedConnections: 0,
    commands: 0,
    errors: 0,
    errorCodes: new Map(),
    input: 0,
    output: 0,
    outputLimitDisconnections: 0,
    queryLimitDisconnections: 0,
    timedOut: 0,
    evictedClients: 0,
    unauthenticatedDisconnections: 0,
    deniedAuthentications: 0,
    deniedCommands: 0,
  };
}
