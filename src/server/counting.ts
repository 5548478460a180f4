import type { SessionEngine } from '../engine/index.js';
import { ERROR_CODES, type ErrorCode } from '../errors.js';
import type { Counters, CountersSinceReset } from '../execution/context/counters.js';

type NumberName = Exclude<keyof CountersSinceReset, 'errorCodes'>;

/**
 * Counts events. A reset (CONFIG RESETSTAT) does not clear the counters. It only notes what they were, because
 * metrics must never go back.
 */
export class Counting {
  readonly counters: Counters = {
    connections: 0,
    rejectedByMaxclients: 0,
    rejectedByProtectedMode: 0,
    rejectedByCertificate: 0,
    commands: 0,
    errors: 0,
    errorCodes: Object.fromEntries(ERROR_CODES.map((code) => [code, 0])) as Record<ErrorCode, number>,
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
  readonly #engine: SessionEngine;
  /** The counts at the latest reset; undefined before the first. */
  #before: CountersSinceReset | undefined;

  constructor(engine: SessionEngine) {
    this.#engine = engine;
  }

  /** Returns what was counted since the start or the latest reset. */
  sinceReset(): CountersSinceReset {
    const now = this.#read();
    const before = this.#before;
    if (before === undefined) return now;
    const { errorCodes, ...numbers } = now;
    const codes = ERROR_CODES.map((code) => [code, errorCodes[code] - before.errorCodes[code]]);
    const counts = Object.entries(numbers).map(([name, count]) => [name, count - before[name as NumberName]]);
    return { ...Object.fromEntries(counts), errorCodes: Object.fromEntries(codes) };
  }

  reset(): void {
    this.#before = this.#read();
    this.#engine.lateness.reset();
  }

  #read(): CountersSinceReset {
    const { expired, evicted, found, missed } = this.#engine.stats();
    const { counters } = this;
    return { ...counters, errorCodes: { ...counters.errorCodes }, expired, evicted, found, missed };
  }
}
