import type { StoreEvent } from '../store/remote-store.js';
import { StoredData, StoredSizes, storedKey } from './last-data.js';
import type { PubSubHub } from './pubsub-hub.js';
import { type SessionChannels, sessionChannels } from './session-channels.js';
import { SessionMessages } from './session-messages.js';

/** Publishes what happens to the sessions of a store, whichever server has caused it. */
export class StoreEvents {
  readonly #hub: PubSubHub;
  readonly #maxBytes: () => number;
  readonly #messages = new SessionMessages();
  readonly #channels: SessionChannels;

  /** @param maxBytes Returns the current `event-data-max-bytes`. */
  constructor(hub: PubSubHub, maxBytes: () => number) {
    this.#hub = hub;
    this.#maxBytes = maxBytes;
    this.#channels = sessionChannels(hub);
  }

  publish(event: StoreEvent): void {
    const channels = this.#channels[event.event];
    const isWanted = channels.event.size > 0;
    const isDataWanted = channels.data !== undefined && channels.data.size > 0;
    if (!isWanted && !isDataWanted) return;
    const name = event.name.toString('latin1');
    if (isWanted) this.#hub.publishIfSubscribed(channels.event.prefix + name, () => event.token);
    if (isDataWanted) this.#hub.publishIfSubscribed(channels.data.prefix + name, () => this.#message(event));
  }

  #message(event: StoreEvent): Buffer {
    if (event.event === 'keyexpired') {
      return this.#messages.makeOfKey(event.event, event, storedKey(event), this.#maxBytes());
    }
    const { sizes } = event;
    // Without either, the event comes so late that the store has already freed the data.
    const last = sizes === undefined ? new StoredData(event.data ?? []) : new StoredSizes(sizes);
    return this.#messages.make(event.event, event, last, this.#maxBytes());
  }
}
