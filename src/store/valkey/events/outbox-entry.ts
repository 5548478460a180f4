import type { SessionEvent } from '../../../engine/index.js';
import type { DataSizes, StoreEvent } from '../../remote-store.js';
import { EventData } from '../library/constants.js';

const ALL = EventData.ALL.charCodeAt(0);
const SIZES = EventData.SIZES.charCodeAt(0);

/** Bytes in the two times that follow the event: when it happened, and when the session was created. */
const WHEN_BYTES = 6;
const CREATED_BYTES = 7;

/**
 * Reads an event of the outbox or the channel of events. `functions/README.md` describes the format.
 * @param payload It is not copied, so it must not change.
 */
export function readEvent(payload: Buffer): OutboxEvent {
  return new OutboxEntry(payload);
}

/** An event with the token with which its session was created. Its public id is computed from that. */
export interface OutboxEvent extends StoreEvent {
  readonly origin: Buffer;
}

/** Decodes each property when it is read. Most subscribers want only the token, and many events have no subscriber. */
class OutboxEntry implements OutboxEvent {
  readonly event: SessionEvent;
  readonly #payload: Buffer;
  /** Where the time of the event, the origin, the token, the name and the kind of data begin. */
  readonly #when: number;
  readonly #origin: number;
  readonly #token: number;
  readonly #name: number;
  readonly #what: number;

  constructor(payload: Buffer) {
    this.#payload = payload;
    this.#when = 1 + payload[0];
    this.event = payload.toString('latin1', 1, this.#when) as SessionEvent;
    const origin = this.#when + WHEN_BYTES + CREATED_BYTES;
    const token = origin + 1 + payload[origin];
    this.#origin = origin + 1;
    this.#token = token + 1;
    const name = this.#token + payload[token];
    this.#name = name + 2;
    this.#what = this.#name + (payload[name] | (payload[name + 1] << 8));
  }

  get origin(): Buffer {
    return this.#payload.subarray(this.#origin, this.#token - 1);
  }

  get token(): string {
    return this.#payload.toString('latin1', this.#token, this.#name - 2);
  }

  get name(): Buffer {
    return this.#payload.subarray(this.#name, this.#what);
  }

  get at(): number {
    return this.#payload.readUIntLE(this.#when, WHEN_BYTES);
  }

  get created(): number {
    const at = this.#when + WHEN_BYTES;
    const micros = this.#payload.readUInt32LE(at) + this.#payload.readUIntLE(at + 4, CREATED_BYTES - 4) * 2 ** 32;
    return Math.floor(micros / 1000);
  }

  get data(): readonly Buffer[] | undefined {
    const payload = this.#payload;
    if (payload[this.#what] !== ALL) return undefined;
    const data: Buffer[] = [];
    let at = this.#what + 5;
    for (let left = this.#count(); left > 0; left--) {
      const key = at + 8;
      const value = key + payload.readUInt32LE(at);
      const end = value + payload.readUInt32LE(at + 4);
      data.push(payload.subarray(key, value), payload.subarray(value, end));
      at = end;
    }
    return data;
  }

  get sizes(): DataSizes | undefined {
    const payload = this.#payload;
    if (payload[this.#what] !== SIZES) return undefined;
    const entries: { key: Buffer; length: number }[] = [];
    for (let at = this.#what + 5; at < payload.length; ) {
      const key = at + 8;
      const end = key + payload.readUInt32LE(at);
      entries.push({ key: payload.subarray(key, end), length: payload.readUInt32LE(at + 4) });
      at = end;
    }
    return { count: this.#count(), entries };
  }

  /** Returns the number of the session's keys. */
  #count(): number {
    return this.#payload.readUInt32LE(this.#what + 1);
  }
}
