import type { SessionEngine } from '../engine/index.js';
import type { MemoryAccount } from '../execution/context/memory-account.js';
import type { EventLog } from '../log/log-events.js';
import { formatSize } from '../option-kinds.js';
import type { Settings } from './settings.js';

/** Gives sessions what `maxmemory` leaves them, and warns if that is nothing. */
export class MemoryLimit {
  readonly #engine: SessionEngine;
  readonly #memory: Pick<MemoryAccount, 'startup'>;
  readonly #settings: Settings;
  readonly #log: EventLog;
  /** The value of `maxmemory` when it was last applied. */
  #applied = 0;

  constructor(engine: SessionEngine, memory: Pick<MemoryAccount, 'startup'>, settings: Settings, log: EventLog) {
    this.#engine = engine;
    this.#memory = memory;
    this.#settings = settings;
    this.#log = log;
  }

  /** Call this at the start, and whenever options may have changed. */
  apply(): void {
    const { maxmemory, 'maxmemory-policy': policy } = this.#settings.now;
    const { startup } = this.#memory;
    if (maxmemory !== this.#applied && maxmemory > 0 && maxmemory <= startup) {
      const message = `maxmemory is too low for any session: it is ${formatSize(maxmemory)}, and the program itself needs ${startup} bytes of it`;
      this.#log.warning(message, { event: 'low-maxmemory', maxmemory, needed: startup });
    }
    this.#applied = maxmemory;
    this.#engine.limitMemory(maxmemory === 0 ? Infinity : maxmemory - startup, policy);
  }
}
