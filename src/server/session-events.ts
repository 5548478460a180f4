import type { Clock, Session, SessionEngine, SessionEvent, SessionListener } from '../engine/index.js';
import type { Slice } from '../slice.js';
import { EngineData } from './last-data.js';
import type { PubSubHub } from './pubsub-hub.js';
import { type SessionChannels, sessionChannels } from './session-channels.js';
import { SessionMessages } from './session-messages.js';

/** Publishes what happens to the sessions of the engine. Nothing is built for channels without subscribers. */
export class SessionEvents implements SessionListener {
  readonly #hub: PubSubHub;
  readonly #clock: Clock;
  readonly #engine: SessionEngine;
  readonly #maxBytes: () => number;
  readonly #messages = new SessionMessages();
  readonly #data: EngineData;
  readonly #channels: SessionChannels;

  /**
   * @param maxBytes Returns the current `event-data-max-bytes`.
   */
  constructor(hub: PubSubHub, clock: Clock, engine: SessionEngine, maxBytes: () => number) {
    this.#hub = hub;
    this.#maxBytes = maxBytes;
    this.#clock = clock;
    this.#engine = engine;
    this.#data = new EngineData(engine);
    this.#channels = sessionChannels(hub);
  }

  onSession(event: SessionEvent, session: Session, key?: Slice): void {
    const channels = this.#channels[event];
    if (channels.event.size > 0) {
      const engine = this.#engine;
      this.#hub.publishIfSubscribed(channels.event.prefix + engine.nameText(session), () => engine.token(session));
    }
    if (channels.data !== undefined && channels.data.size > 0) {
      const text = this.#engine.nameText(session);
      this.#hub.publishIfSubscribed(channels.data.prefix + text, () => this.#message(event, session, key));
    }
  }

  #message(event: SessionEvent, session: Session, key: Slice | undefined): Buffer {
    const engine = this.#engine;
    this.#data.session = session;
    const ended = {
      name: engine.name(session),
      token: engine.token(session),
      created: engine.state(session).created,
      at: this.#clock.wall(),
    };
    if (key === undefined) return this.#messages.make(event, ended, this.#data, this.#maxBytes());
    const value = this.#data.valueOf(key);
    return this.#messages.makeOfKey(event, ended, value, this.#maxBytes());
  }
}
