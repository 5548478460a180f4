import { isUtf8 } from 'node:buffer';
import {
  type Clock,
  SESSION_EVENTS,
  type Session,
  type SessionEngine,
  type SessionEvent,
  type SessionListener,
} from '../engine/index.js';
import type { Audience, PubSubHub } from './pubsub-hub.js';

/** The channels of one event, and who may listen to them. */
interface Channels {
  readonly event: Audience;
  /** Where the data is gone afterwards, and is told a last time. */
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
  readonly #channels: Record<string, Channels>;

  /** @param engine Whose sessions they are; asked for at the first event. */
  constructor(hub: PubSubHub, clock: Clock, engine: () => SessionEngine) {
    this.#hub = hub;
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
      this.#hub.publishIfHeard(channels.event.beginning + engine.nameText(session), () => engine.token(session));
    }
    if (channels.data !== undefined && channels.data.size > 0) {
      const engine = this.#engine();
      this.#hub.publishIfHeard(channels.data.beginning + engine.nameText(session), () =>
        Buffer.from(lastWords(engine, event, session, this.#clock.wall())),
      );
    }
  }
}

/**
 * One JSON object: event, name, token, at and created (unix ms), keys with their values. JSON is text, which
 * bytes need not be: a value or a name that is not UTF-8 is `{"base64": "…"}`, a key `base64:…`.
 */
function lastWords(engine: SessionEngine, event: SessionEvent, session: Session, at: number): string {
  const keys: string[] = [];
  // Not an object's properties: those would be sorted where they look like numbers.
  engine.data.peek(session, (slice, value) => {
    const key = slice.toBuffer();
    const text = key.toString();
    // A key that looks like the other form would be taken for it.
    const name = isUtf8(key) && !text.startsWith(BASE64) ? text : BASE64 + key.toString('base64');
    keys.push(`${JSON.stringify(name)}:${json(value.toBuffer())}`);
  });
  const { name, created } = engine.info(session);
  const token = engine.token(session);
  return `{"event":"${event}","name":${json(name)},"token":"${token}","at":${Math.floor(at)},"created":${Math.floor(created)},"keys":{${keys.join(',')}}}`;
}

/** What a key begins with that stands in base64. */
const BASE64 = 'base64:';

function json(bytes: Buffer): string {
  return JSON.stringify(isUtf8(bytes) ? bytes.toString() : { base64: bytes.toString('base64') });
}
