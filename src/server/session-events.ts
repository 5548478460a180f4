import {
  type Clock,
  SESSION_EVENTS,
  type Session,
  type SessionEngine,
  type SessionEvent,
  type SessionListener,
} from '../engine/index.js';
import type { Audience, PubSubHub } from './pubsub-hub.js';
import { SessionMessages } from './session-messages.js';

/** The channels of one event and their audiences. */
interface Channels {
  readonly event: Audience;
  /** Set for events after which the data is gone: it is published one last time. */
  readonly data: Audience | undefined;
}

/**
 * Publishes what happens to sessions: the token on `__session__:<event>:<name>` and, if the event removes the data, the
 * session with its last data on `__sessiondata__:<event>:<name>`. Nothing is built for channels without subscribers.
 */
export class SessionEvents implements SessionListener {
  readonly #hub: PubSubHub;
  readonly #clock: Clock;
  readonly #engine: SessionEngine;
  readonly #maxBytes: () => number;
  readonly #messages: SessionMessages;
  readonly #channels: Record<string, Channels>;

  /**
   * @param maxBytes Returns the current `event-data-max-bytes`.
   */
  constructor(hub: PubSubHub, clock: Clock, engine: SessionEngine, maxBytes: () => number) {
    this.#hub = hub;
    this.#maxBytes = maxBytes;
    this.#messages = new SessionMessages(engine);
    this.#clock = clock;
    this.#engine = engine;
    this.#channels = Object.fromEntries(
      Object.entries(SESSION_EVENTS).map(([event, gone]) => [
        event,
        {
          event: hub.audience(`__session__:${event}:`),
          data: gone === 'nothing' ? undefined : hub.audience(`__sessiondata__:${event}:`),
        },
      ]),
    );
  }

  onSession(event: SessionEvent, session: Session): void {
    const channels = this.#channels[event];
    if (channels.event.size > 0) {
      const engine = this.#engine;
      this.#hub.publishIfSubscribed(channels.event.prefix + engine.nameText(session), () => engine.token(session));
    }
    if (channels.data !== undefined && channels.data.size > 0) {
      const engine = this.#engine;
      this.#hub.publishIfSubscribed(channels.data.prefix + engine.nameText(session), () =>
        this.#messages.make(event, session, this.#clock.wall(), this.#maxBytes()),
      );
    }
  }
}
