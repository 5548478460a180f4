import type { Clock } from '../engine/index.js';
import { BackgroundWork, DONE } from '../engine/time/background-work.js';
import type { EventStream, Retention } from '../stream/event-stream.js';
import type { Settings } from './settings.js';

/** How many entries are removed for each that is appended, if there are too many. */
const PER_APPEND = 4;
/** How many entries are removed between two readings of the clock. */
const BATCH = 64;

/** Removes entries of the stream that are too many, too large together, or too old. */
export class EventRetention {
  readonly #stream: EventStream;
  readonly #clock: Clock;
  readonly #settings: Settings;
  readonly #work: BackgroundWork;

  constructor(stream: EventStream, clock: Clock, settings: Settings) {
    this.#stream = stream;
    this.#clock = clock;
    this.#settings = settings;
    this.#work = new BackgroundWork(clock, () => this.#step());
  }

  /** Call this after each entry. */
  onAppended(): void {
    const { length, keptBytes } = this.#stream;
    const { 'events-max-len': maxLength, 'events-max-bytes': maxBytes } = this.#settings.now;
    if ((maxLength === 0 || length <= maxLength) && keptBytes <= maxBytes) return;
    if (this.#stream.retain(this.#limits(), PER_APPEND)) this.#work.schedule();
  }

  /** Call this about once a second. */
  beat(): void {
    if (this.#stream.bytes > 0) this.#work.schedule();
  }

  /** Removes at once what is not to be kept. Call this when entries have been restored. */
  apply(): void {
    this.#stream.retain(this.#limits(), Infinity);
  }

  stop(): void {
    this.#work.stop();
  }

  #step(): number {
    return this.#stream.retain(this.#limits(), BATCH) || this.#stream.reclaim() ? 0 : DONE;
  }

  #limits(): Retention {
    const { 'events-max-len': maxLength, 'events-max-bytes': maxBytes, 'events-max-age': maxAge } = this.#settings.now;
    return {
      maxLength: maxLength || Infinity,
      maxBytes,
      oldest: maxAge === 0 ? -Infinity : this.#clock.wall() - maxAge * 1000,
    };
  }
}
