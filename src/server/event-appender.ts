import {
  type Clock,
  SESSION_EVENTS,
  type Session,
  type SessionEngine,
  type SessionEvent,
  type SessionListener,
} from '../engine/index.js';
import { Slice } from '../slice.js';
import { EventEntryWriter } from '../stream/event-entry.js';
import type { EventStream } from '../stream/event-stream.js';
import { EventFiltering } from './event-filtering.js';
import type { EventRetention } from './event-retention.js';
import { EngineData } from './last-data.js';
import { SessionMessages } from './session-messages.js';
import type { Settings } from './settings.js';

/** Appends what happens to the sessions of the engine to the stream of events. */
export class EventAppender implements SessionListener {
  readonly #stream: EventStream;
  readonly #retention: EventRetention;
  readonly #clock: Clock;
  readonly #engine: SessionEngine;
  readonly #settings: Settings;
  readonly #messages = new SessionMessages();
  readonly #writer = new EventEntryWriter();
  readonly #data: EngineData;
  readonly #json = Slice.of('');
  readonly #filtering: EventFiltering;

  constructor(stream: EventStream, retention: EventRetention, clock: Clock, engine: SessionEngine, settings: Settings) {
    this.#stream = stream;
    this.#retention = retention;
    this.#clock = clock;
    this.#engine = engine;
    this.#settings = settings;
    this.#filtering = new EventFiltering(settings);
    this.#data = new EngineData(engine);
  }

  onSession(event: SessionEvent, session: Session, key?: Slice): void {
    const engine = this.#engine;
    if (!this.#filtering.keeps(event, () => engine.nameText(session))) return;
    const { 'event-data-max-bytes': maxBytes } = this.#settings.now;
    const at = this.#clock.wall();
    const name = engine.name(session);
    // After the token, which a shared session may get only now, the id needs no HMAC.
    const token = engine.token(session);
    const fields = { name, token, at, created: engine.created(session) };
    const data = SESSION_EVENTS[event] === 'nothing' ? undefined : this.#dataOf(event, session, key, fields, maxBytes);
    this.#stream.append(at, this.#writer.write({ ...fields, event, id: engine.id(session), data }));
    this.#retention.onAppended();
  }

  #dataOf(
    event: SessionEvent,
    session: Session,
    key: Slice | undefined,
    fields: { name: Buffer; token: string; at: number; created: number },
    maxBytes: number,
  ): Slice {
    this.#data.session = session;
    const message =
      key === undefined
        ? this.#messages.make(event, fields, this.#data, maxBytes)
        : this.#messages.makeOfKey(event, fields, this.#data.valueOf(key), maxBytes);
    return this.#json.point(message, this.#messages.dataStart, message.length);
  }
}
