import { isUtf8 } from 'node:buffer';
import type { Clock, Session, SessionEngine, SessionEvent, SessionListener } from '../engine/index.js';
import type { PubSubHub } from './pubsub-hub.js';

/** The events after which a session's data is gone, and which tell it a last time. */
const LAST_WORDS = new Set<SessionEvent>(['expired', 'cleared', 'ended', 'limit', 'maxage', 'evicted']);

/**
 * Publishes what happens to sessions: on `__session__:<event>:<name>` the token and, where the data is gone
 * afterwards, on `__sessiondata__:<event>:<name>` the session as it last was. Nothing is built for a channel
 * that nobody listens to.
 */
export class SessionEvents implements SessionListener {
  readonly #hub: PubSubHub;
  readonly #clock: Clock;
  readonly #engine: () => SessionEngine;

  /** @param engine Whose sessions they are; asked for at the first event. */
  constructor(hub: PubSubHub, clock: Clock, engine: () => SessionEngine) {
    this.#hub = hub;
    this.#clock = clock;
    this.#engine = engine;
  }

  onSession(event: SessionEvent, session: Session): void {
    if (this.#hub.silent) return;
    const engine = this.#engine();
    const name = engine.nameText(session);
    const channel = `__session__:${event}:${name}`;
    if (this.#hub.isHeard(channel)) this.#hub.publish(channel, engine.token(session));
    if (!LAST_WORDS.has(event)) return;
    const dataChannel = `__sessiondata__:${event}:${name}`;
    if (this.#hub.isHeard(dataChannel)) {
      this.#hub.publish(dataChannel, Buffer.from(lastWords(engine, event, session, this.#clock.wall())));
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
  engine.data.peek(session, (key, value) => {
    const name = isUtf8(key) ? key.toString() : `base64:${key.toString('base64')}`;
    keys.push(`${JSON.stringify(name)}:${json(value)}`);
  });
  const { name, created } = engine.info(session);
  const token = engine.token(session);
  return `{"event":"${event}","name":${json(name)},"token":"${token}","at":${Math.floor(at)},"created":${Math.floor(created)},"keys":{${keys.join(',')}}}`;
}

function json(bytes: Buffer): string {
  return JSON.stringify(isUtf8(bytes) ? bytes.toString() : { base64: bytes.toString('base64') });
}
