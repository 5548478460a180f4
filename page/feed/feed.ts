import type { LiveEvents, LiveHello, LiveMessages, LiveSnapshot } from '../../src/http/live/live-data.js';
import { type Sample, sampleOf } from './sample.js';

/** How long the charts look back, in ms. */
export const HISTORY_MS = 300_000;
/** A stream that is silent for this many ms is dead, even without an error: a snapshot comes once a second. */
const SILENCE_MS = 6000;
/** How long to wait before the next attempt to connect, in ms. */
const RETRY_MS = 1500;

/** A snapshot, and when it arrived by the clock of the page. */
export interface Received {
  readonly hello: LiveHello;
  readonly snapshot: LiveSnapshot;
  /** As `performance.now()`. */
  readonly receivedAt: number;
}

/** The live data of the server. Reconnects by itself, forever. */
export class Feed {
  /** The latest snapshot; undefined before the first. */
  latest: Received | undefined;
  /** Samples of the last minutes, oldest first. */
  samples: readonly Sample[] = [];
  /** Whether the data is current. */
  connected = false;

  readonly #url: string;
  readonly #listeners = new Set<() => void>();
  readonly #eventListeners = new Set<(events: LiveEvents) => void>();
  #hello: LiveHello | undefined;
  #source: EventSource | undefined;
  #watchdog: ReturnType<typeof setTimeout> | undefined;

  constructor(url: string) {
    this.#url = url;
    this.#connect();
  }

  /** Calls a function after each change. Returns a function that stops this. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls a function with the events of sessions. Returns a function that stops this. */
  onEvents(listener: (events: LiveEvents) => void): () => void {
    this.#eventListeners.add(listener);
    return () => this.#eventListeners.delete(listener);
  }

  #connect(): void {
    this.#source?.close();
    const source = new EventSource(this.#url);
    this.#source = source;
    const on = <Name extends keyof LiveMessages>(name: Name, handle: (data: LiveMessages[Name]) => void) =>
      source.addEventListener(name, (event) => {
        this.#watch(SILENCE_MS);
        handle(JSON.parse((event as MessageEvent).data));
      });
    on('hello', (hello) => this.#greet(hello));
    on('snapshot', (snapshot) => this.#take(snapshot));
    on('sessions', (events) => {
      for (const listener of this.#eventListeners) listener(events);
    });
    // Some errors make the browser give up. Then the next attempt is up to us.
    source.onerror = () => this.#lose(RETRY_MS);
    this.#watch(SILENCE_MS);
  }

  #greet(hello: LiveHello): void {
    if (hello.runId !== this.#hello?.runId) {
      this.samples = [];
      this.latest = undefined;
    }
    this.#hello = hello;
  }

  #take(snapshot: LiveSnapshot): void {
    if (this.#hello === undefined) return;
    const previous = this.latest?.snapshot;
    // What happened while the page was not connected belongs to no second that it shows.
    if (this.connected && previous !== undefined && snapshot.at > previous.at) {
      const oldest = snapshot.at - HISTORY_MS - 2000;
      this.samples = [...this.samples.filter(({ at }) => at > oldest), sampleOf(snapshot, previous)];
    }
    this.latest = { hello: this.#hello, snapshot, receivedAt: performance.now() };
    this.connected = true;
    this.#changed();
  }

  #lose(retryMs: number): void {
    this.#source?.close();
    this.connected = false;
    this.#changed();
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#connect(), retryMs);
  }

  #watch(ms: number): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#lose(0), ms);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
