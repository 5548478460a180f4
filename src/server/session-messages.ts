import type { Session, SessionEngine, SessionEvent } from '../engine/index.js';
import { Slice } from '../slice.js';
import { JsonWriter } from './json-writer.js';

/** The most keys in a message. More would take longer than the same number of bytes in values. */
const MAX_KEYS = 10_000;
/** Keys written between two checks for room. */
const KEYS_AT_A_TIME = 256;

/**
 * Builds the messages of `__sessiondata__` channels. Each is a JSON object with event, name, token, at and created
 * (Unix ms), and keys with their values. If the message would exceed the limit or have more than 10,000 keys, it has no
 * values but `truncated`, `count` (the number of keys) and `sizes`: the length of each key's value in bytes, for as
 * many keys as there is room for.
 *
 * It reads no more data than fits the limit, however much there is.
 */
export class SessionMessages {
  readonly #engine: SessionEngine;
  readonly #json = new JsonWriter();

  constructor(engine: SessionEngine) {
    this.#engine = engine;
  }

  /**
   * Builds a message.
   * @param at In Unix ms.
   * @param maxBytes The longest message, at least 4 KB.
   * @returns Bytes that are valid until the next call.
   */
  make(event: SessionEvent, session: Session, at: number, maxBytes: number): Buffer {
    const json = this.#json;
    const engine = this.#engine;
    json.begin(maxBytes, '}}');
    json.raw(`{"event":"${event}","name":`);
    json.value(Slice.of(engine.name(session)));
    json.raw(
      `,"token":"${engine.token(session)}","at":${Math.floor(at)},"created":${Math.floor(engine.state(session).created)}`,
    );
    const mark = json.mark;
    const count = engine.data.count(session);
    if (count > MAX_KEYS) json.fill();
    json.raw(',"keys":{');
    if (!json.full) this.#writeFields(engine, session);
    if (json.full) {
      json.rewind(mark);
      json.raw(`,"truncated":true,"count":${count},"sizes":{`);
      this.#writeSizes(engine, session);
    }
    return json.take();
  }

  #writeFields(engine: SessionEngine, session: Session): void {
    const json = this.#json;
    const { data } = engine;
    let separator = '';
    const write = (key: Slice, value: Slice) => {
      json.raw(separator);
      json.key(key);
      json.raw(':');
      json.value(value);
      separator = ',';
    };
    // A packed session has few keys, all in one place.
    if (data.encoding(session) === 'packed') {
      data.peek(session, write);
      return;
    }
    let cursor = 0;
    do {
      cursor = data.peekSome(session, cursor, KEYS_AT_A_TIME, (key, length) => {
        // A value that cannot fit is not even read.
        if (length > json.room) json.fill();
        else write(key, data.peekPart(session, key, 0, length) as Slice);
      });
    } while (cursor !== 0 && !json.full);
  }

  #writeSizes(engine: SessionEngine, session: Session): void {
    const json = this.#json;
    let cursor = 0;
    let listed = 0;
    let full = false;
    do {
      cursor = engine.data.peekSome(session, cursor, KEYS_AT_A_TIME, (key, length) => {
        if (full) return;
        const mark = json.mark;
        if (listed > 0) json.raw(',');
        json.key(key);
        json.raw(`:${length}`);
        listed++;
        full = json.full || listed === MAX_KEYS;
        if (json.full) json.rewind(mark);
      });
    } while (cursor !== 0 && !full);
  }
}
