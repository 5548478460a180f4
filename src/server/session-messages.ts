import type { SessionEvent } from '../engine/index.js';
import { MAX_EVENT_KEYS } from '../event-limits.js';
import { JsonWriter } from '../json-writer.js';
import { Slice } from '../slice.js';
import { beginMessage } from '../stream/event-entry.js';
import type { LastData, LastKey } from './last-data.js';

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
 * The message about a key that has expired by itself has `key` and `value` instead of keys. If the value does not fit,
 * it has `truncated` and `size`, the length of the value in bytes, and no `key` either if that does not fit.
 *
 * It reads no more data than fits the limit, however much there is.
 */
export class SessionMessages {
  readonly #json = new JsonWriter();
  #dataStart = 0;

  /** The index in the latest message at which the data begins, after what `beginMessage` writes. */
  get dataStart(): number {
    return this.#dataStart;
  }

  /**
   * Builds a message.
   * @param maxBytes The longest message, at least 4 KB.
   * @returns Bytes that are valid until the next call.
   */
  make(event: SessionEvent, ended: EndedSession, data: LastData, maxBytes: number): Buffer {
    const json = this.#json;
    json.begin(maxBytes, '}}');
    this.#writeSession(event, ended);
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

  /**
   * Builds the message about one key.
   * @param maxBytes The longest message, at least 4 KB.
   * @returns Bytes that are valid until the next call.
   */
  makeOfKey(event: SessionEvent, ended: EndedSession, { key, length, value }: LastKey, maxBytes: number): Buffer {
    const json = this.#json;
    json.begin(maxBytes, '}');
    this.#writeSession(event, ended);
    const truncated = `,"truncated":true,"size":${length}`;
    const beforeKey = json.mark;
    this.#writeMember('key', key);
    const hasKey = !json.full;
    if (!hasKey) json.rewind(beforeKey);
    const beforeValue = json.mark;
    // A value that cannot fit is not even read.
    this.#writeMember('value', hasKey && length <= json.room ? value() : undefined);
    if (json.full) {
      json.rewind(beforeValue);
      json.raw(truncated);
    }
    if (json.full) {
      json.rewind(beforeKey);
      json.raw(truncated);
    }
    return json.take();
  }

  /** Writes a member, or fills the message if it is unknown or cannot fit. */
  #writeMember(name: string, bytes: Slice | undefined): void {
    const json = this.#json;
    if (bytes === undefined || bytes.length > json.room) {
      json.fill();
      return;
    }
    json.raw(`,"${name}":`);
    json.value(bytes);
  }

  #writeSession(event: SessionEvent, { name, token, at, created }: EndedSession): void {
    const json = this.#json;
    beginMessage(json, event, Slice.of(name), token, at, created);
    this.#dataStart = json.mark;
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
