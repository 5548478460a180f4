import { isUtf8 } from 'node:buffer';
import type { Clock, Session, SessionEngine, SessionEvent, SessionListener } from '../engine/index.js';
import type { PubSubHub } from './pubsub-hub.js';

/** The beginnings of an event's channels; a second one where the data is gone afterwards, and is told a last time. */
const CHANNELS: Record<SessionEvent, readonly [event: string, data?: string]> = {
  new: ['__session__:new:'],
  expired: ['__session__:expired:', '__sessiondata__:expired:'],
  cleared: ['__session__:cleared:', '__sessiondata__:cleared:'],
  ended: ['__session__:ended:', '__sessiondata__:ended:'],
  limit: ['__session__:limit:', '__sessiondata__:limit:'],
  maxage: ['__session__:maxage:', '__sessiondata__:maxage:'],
  evicted: ['__session__:evicted:', '__sessiondata__:evicted:'],
  rotated: ['__session__:rotated:'],
};

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
    const hub = this.#hub;
    const [channel, dataChannel] = CHANNELS[event];
    if (hub.mayBeHeard(channel)) {
      const engine = this.#engine();
      hub.publishIfHeard(channel + engine.nameText(session), () => engine.token(session));
    }
    if (dataChannel !== undefined && hub.mayBeHeard(dataChannel)) {
      const engine = this.#engine();
      hub.publishIfHeard(dataChannel + engine.nameText(session), () =>
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
