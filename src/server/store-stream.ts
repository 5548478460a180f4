import { SESSION_EVENTS, type SessionEvent } from '../engine/index.js';
import type { StoreEvent, StreamRetention, StreamSource } from '../store/remote-store.js';
import { EventFiltering } from './event-filtering.js';
import type { Settings } from './settings.js';
import { StoreMessages } from './store-messages.js';

/** Says what the stream of events of a store is to have. */
export class StoreStream implements StreamSource {
  readonly #settings: Settings;
  readonly #filtering: EventFiltering;
  readonly #messages: StoreMessages;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#filtering = new EventFiltering(settings);
    this.#messages = new StoreMessages(() => settings.now['event-data-max-bytes']);
  }

  keeps(event: SessionEvent, name: Buffer): boolean {
    return this.#filtering.keeps(event, () => name.toString('latin1'));
  }

  data(event: StoreEvent): Buffer | undefined {
    return SESSION_EVENTS[event.event] === 'nothing' ? undefined : this.#messages.make(event);
  }

  get retention(): StreamRetention {
    const { 'events-max-len': maxLength, 'events-max-bytes': maxBytes, 'events-max-age': maxAge } = this.#settings.now;
    return { maxLength, maxBytes, maxAge: maxAge * 1000 };
  }
}
