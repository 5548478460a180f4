import type { StoreEvent } from '../store/remote-store.js';
import { StoredData, StoredSizes, storedKey } from './last-data.js';
import { SessionMessages } from './session-messages.js';

/** Builds the messages with data for events of a store outside of this process. */
export class StoreMessages {
  readonly #messages = new SessionMessages();
  readonly #maxBytes: () => number;

  /** @param maxBytes Returns the current `event-data-max-bytes`. */
  constructor(maxBytes: () => number) {
    this.#maxBytes = maxBytes;
  }

  /** Builds the message for an event. @returns Bytes that are valid until the next call. */
  make(event: StoreEvent): Buffer {
    if (event.event === 'keyexpired') {
      return this.#messages.makeOfKey(event.event, event, storedKey(event), this.#maxBytes());
    }
    const { sizes } = event;
    // Without either, the event comes so late that the store has already freed the data.
    const last = sizes === undefined ? new StoredData(event.data ?? []) : new StoredSizes(sizes);
    return this.#messages.make(event.event, event, last, this.#maxBytes());
  }
}
