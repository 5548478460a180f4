import type { SessionEngine } from '../engine/index.js';
import type { MemoryAccount } from '../execution/context/memory-account.js';
import type { EventLog } from '../log/log-events.js';
import { formatSize } from '../option-kinds.js';
import type { EventStream } from '../stream/event-stream.js';
import type { Settings } from './settings.js';

/** Gives sessions what `maxmemory` leaves them, and warns if that is nothing. */
export class MemoryLimit {
  readonly #engine: SessionEngine;
  readonly #stream: EventStream | undefined;
  readonly #memory: Pick<MemoryAccount, 'startup'>;
  readonly #settings: Settings;
  readonly #log: EventLog;
  /** The value of `maxmemory` when it was last applied. */
  #applied = 0;
  /** What was left for sessions then; -Infinity before. */
  #left = -Infinity;

  constructor(
    engine: SessionEngine,
    stream: EventStream | undefined,
    memory: Pick<MemoryAccount, 'startup'>,
    settings: Settings,
    log: EventLog,
  ) {
    this.#engine = engine;
    this.#stream = stream;
    this.#memory = memory;
    this.#settings = settings;
    this.#log = log;
  }

  /** Call this at the start, and whenever options may have changed. */
  apply(): void {
    const { maxmemory, 'maxmemory-policy': policy } = this.#settings.now;
    const needed = this.#memory.startup + this.#ofEvents;
    if (maxmemory !== this.#applied && maxmemory > 0 && maxmemory <= needed) {
      const events = this.#stream === undefined ? '' : ' and events-max-bytes';
      const message = `maxmemory is too low for any session: it is ${formatSize(maxmemory)}, and the program itself${events} need${events === '' ? 's' : ''} ${needed} bytes of it`;
      this.#log.warning(message, { event: 'low-maxmemory', maxmemory, needed });
    }
    this.#applied = maxmemory;
    this.#left = maxmemory === 0 ? Infinity : maxmemory - needed;
    this.#engine.limitMemory(this.#left, policy);
  }

  /** Call this about once a second. */
  beat(): void {
    const { maxmemory } = this.#settings.now;
    if (this.#stream === undefined || maxmemory === 0 || this.#left === -Infinity) return;
    if (maxmemory - this.#memory.startup - this.#ofEvents !== this.#left) this.apply();
  }

  /**
   * What the stream of events may take. It counts from the start: if only what it takes did, then each session that is
   * evicted would make an entry that leaves less room for sessions.
   */
  get #ofEvents(): number {
    if (this.#stream === undefined) return 0;
    return Math.max(this.#settings.now['events-max-bytes'], this.#stream.bytes);
  }
}
