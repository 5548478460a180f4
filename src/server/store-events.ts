import type { StoreEvent } from '../store/remote-store.js';
import type { PubSubHub } from './pubsub-hub.js';
import { type SessionChannels, sessionChannels } from './session-channels.js';
import { StoreMessages } from './store-messages.js';

/** Publishes what happens to the sessions of a store, whichever server has caused it. */
export class StoreEvents {
  readonly #hub: PubSubHub;
  readonly #messages: StoreMessages;
  readonly #channels: SessionChannels;

  /** @param maxBytes Returns the current `event-data-max-bytes`. */
  constructor(hub: PubSubHub, maxBytes: () => number) {
    this.#hub = hub;
    this.#messages = new StoreMessages(maxBytes);
    this.#channels = sessionChannels(hub);
  }

  publish(event: StoreEvent): void {
    const channels = this.#channels[event.event];
    const isWanted = channels.event.size > 0;
    const isDataWanted = channels.data !== undefined && channels.data.size > 0;
    if (!isWanted && !isDataWanted) return;
    const name = event.name.toString('latin1');
    if (isWanted) this.#hub.publishIfSubscribed(channels.event.prefix + name, () => event.token);
    if (isDataWanted) this.#hub.publishIfSubscribed(channels.data.prefix + name, () => this.#messages.make(event));
  }
}
