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

/** The channels of one event, and who may listen to them. */
interface Channels {
  readonly event: Audience;
  /** For events after which the data is gone: it is published a last time. */
  readonly data: Audience | undefined;
}

/**
 * Publishes what happens to sessions: on `__session__:<event>:<name>` the token and, where the data is gone
 * afterwards, on `__sessiondata__:<event>:<name>` the session as it last was. Nothing is built for a channel
 * that nobody listens to.
 */
export class SessionEvents implements SessionListener {
  readonly #hub: PubSubHub;
  readonly #clock: Clock;
  readonly #engine: () => SessionEngine;
  readonly #maxBytes: () => number;
  readonly #messages: SessionMessages;
  readonly #channels: Record<string, Channels>;

  /**
   * @param engine Whose sessions they are; asked for at the first event.
   * @param maxBytes `event-data-max-bytes` as it is now.
   */
  constructor(hub: PubSubHub, clock: Clock, engine: () => SessionEngine, maxBytes: () => number) {
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
      const engine = this.#engine();
      this.#hub.publishIfHeard(channels.event.prefix + engine.nameText(session), () => engine.token(session));
    }
    if (channels.data !== undefined && channels.data.size > 0) {
      const engine = this.#engine();
      this.#hub.publishIfHeard(channels.data.prefix + engine.nameText(session), () =>
        this.#messages.make(event, session, this.#clock.wall(), this.#maxBytes()),
      );
    }
  }
}
