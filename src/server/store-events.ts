import type { StoreEvent } from '../store/remote-store.js';
import { StoredData, StoredSizes } from './last-data.js';
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

  publish({ event, name, token, created, at, data, sizes }: StoreEvent): void {
    const channels = this.#channels[event];
    if (channels.event.size > 0) {
      this.#hub.publishIfSubscribed(channels.event.prefix + name.toString('latin1'), () => token.toString('latin1'));
    }
    if (channels.data !== undefined && channels.data.size > 0) {
      // Without either, the event comes so late that the store has already freed the data.
      const last = sizes === undefined ? new StoredData(data ?? []) : new StoredSizes(sizes);
      const ended = { name, token: token.toString('latin1'), created, at };
      this.#hub.publishIfSubscribed(channels.data.prefix + name.toString('latin1'), () =>
        this.#messages.make(event, ended, last, this.#maxBytes()),
      );
    }
  }
}
