import type { SessionEvent } from '../engine/index.js';
import { MAX_EVENT_KEYS } from '../event-limits.js';
import { JsonWriter } from '../json-writer.js';
import { Slice } from '../slice.js';
import type { LastData } from './last-data.js';

/** What a message says of a session, besides its data. */
export interface EndedSession {
  readonly name: Buffer;
  /** With one character per byte. */
  readonly token: string;
  /** In Unix ms. */
  readonly created: number;
  /** When the event happened, in Unix ms. */
  readonly at: number;
}

/**
 * Builds the messages of `__sessiondata__` channels. Each is a JSON object with event, name, token, at and created
 * (Unix ms), and keys with their values. If the message would exceed the limit or have more than 10,000 keys, it has no
 * values but `truncated`, `count` (the number of keys) and `sizes`: the length of each key's value in bytes, for as
 * many keys as there is room for.
 *
 * It reads no more data than fits the limit, however much there is.
 */
export class SessionMessages {
  readonly #json = new JsonWriter();

  /**
   * Builds a message.
   * @param maxBytes The longest message, at least 4 KB.
   * @returns Bytes that are valid until the next call.
   */
  make(event: SessionEvent, { name, token, at, created }: EndedSession, data: LastData, maxBytes: number): Buffer {
    const json = this.#json;
    json.begin(maxBytes, '}}');
    json.raw(`{"event":"${event}","name":`);
    json.value(Slice.of(name));
    json.raw(`,"token":"${token}","at":${Math.floor(at)},"created":${Math.floor(created)}`);
    const mark = json.mark;
    const { count } = data;
    if (count > MAX_EVENT_KEYS) json.fill();
    json.raw(',"keys":{');
    if (!json.full) this.#writeFields(data);
    if (json.full) {
      json.rewind(mark);
      json.raw(`,"truncated":true,"count":${count},"sizes":{`);
      this.#writeSizes(data);
    }
    return json.take();
  }

  #writeFields(data: LastData): void {
    const json = this.#json;
    let separator = '';
    data.visit(json, (key, value) => {
      json.raw(separator);
      json.key(key);
      json.raw(':');
      json.value(value);
      separator = ',';
    });
  }

  #writeSizes(data: LastData): void {
    const json = this.#json;
    let listed = 0;
    data.visitSizes((key, length) => {
      const mark = json.mark;
      if (listed > 0) json.raw(',');
      json.key(key);
      json.raw(`:${length}`);
      listed++;
      const full = json.full || listed === MAX_EVENT_KEYS;
      if (json.full) json.rewind(mark);
      return !full;
    });
  }
}
