import { type EventFilter, eventFilter } from '../event-filter.js';
import type { Settings } from './settings.js';

/** Says which events the stream keeps: the current `events-filter`. */
export class EventFiltering {
  readonly #settings: Settings;
  /** The filter, and the text that it was made of. */
  #filter: EventFilter = () => true;
  #text = '';

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** @param name Returns the session's name with one character per byte. Called only if there is a filter. */
  keeps(event: string, name: () => string): boolean {
    const text = this.#settings.now['events-filter'];
    if (text !== this.#text) {
      this.#filter = eventFilter(text);
      this.#text = text;
    }
    return text === '' || this.#filter(event, name());
  }
}
