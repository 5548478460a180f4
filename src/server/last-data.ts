import type { Session, SessionEngine } from '../engine/index.js';
import { Slice } from '../slice.js';
import type { DataSizes, StoreEvent } from '../store/remote-store.js';

/** The data of a session, just before it is removed. */
export interface LastData {
  /** The number of keys. */
  readonly count: number;
  /** Visits keys and their values until `room` is full. If a value is longer than that, it fills the room instead. */
  visit(room: Room, write: (key: Slice, value: Slice) => void): void;
  /** Visits keys with the lengths of their values in bytes, until the visitor returns false. */
  visitSizes(visit: (key: Slice, length: number) => boolean): void;
}

/** A key that is removed by itself, just before that. */
export interface LastKey {
  /** Undefined if it is too long to be known. */
  readonly key: Slice | undefined;
  /** The length of its value, in bytes. */
  readonly length: number;
  /** Returns its value, or undefined if it is too long to be known. */
  value(): Slice | undefined;
}

/** Where data is written to. */
interface Room {
  /** Bytes that fit. */
  readonly room: number;
  readonly full: boolean;
  fill(): void;
}

/** Keys read between two checks for room. */
const KEYS_AT_A_TIME = 256;

/** The data of a session in the engine. One object serves all sessions. */
export class EngineData implements LastData {
  readonly #engine: SessionEngine;
  session!: Session;

  constructor(engine: SessionEngine) {
    this.#engine = engine;
  }

  get count(): number {
    return this.#engine.data.count(this.session);
  }

  visit(room: Room, write: (key: Slice, value: Slice) => void): void {
    const { data } = this.#engine;
    const { session } = this;
    // A packed session has few keys, all in one place.
    if (data.encoding(session) === 'packed') {
      data.peek(session, write);
      return;
    }
    let cursor = 0;
    do {
      cursor = data.peekSome(session, cursor, KEYS_AT_A_TIME, (key, length) => {
        // A value that cannot fit is not even read.
        if (length > room.room) room.fill();
        else write(key, data.peekPart(session, key, 0, length) as Slice);
      });
    } while (cursor !== 0 && !room.full);
  }

  /** Returns a key that is about to be removed. */
  valueOf(key: Slice): LastKey {
    const { data } = this.#engine;
    const { session } = this;
    const length = data.peekLength(session, key);
    return { key, length, value: () => data.peekPart(session, key, 0, length) };
  }

  visitSizes(visit: (key: Slice, length: number) => boolean): void {
    let cursor = 0;
    let more = true;
    do {
      cursor = this.#engine.data.peekSome(this.session, cursor, KEYS_AT_A_TIME, (key, length) => {
        if (more) more = visit(key, length);
      });
    } while (cursor !== 0 && more);
  }
}

/** The data that a store sent with an event. */
export class StoredData implements LastData {
  readonly #pairs: readonly Buffer[];

  /** @param pairs Alternating keys and values. */
  constructor(pairs: readonly Buffer[]) {
    this.#pairs = pairs;
  }

  get count(): number {
    return this.#pairs.length / 2;
  }

  visit(room: Room, write: (key: Slice, value: Slice) => void): void {
    const pairs = this.#pairs;
    for (let i = 0; i < pairs.length && !room.full; i += 2) {
      if (pairs[i + 1].length > room.room) room.fill();
      else write(Slice.of(pairs[i]), Slice.of(pairs[i + 1]));
    }
  }

  visitSizes(visit: (key: Slice, length: number) => boolean): void {
    const pairs = this.#pairs;
    for (let i = 0; i < pairs.length; i += 2) if (!visit(Slice.of(pairs[i]), pairs[i + 1].length)) return;
  }
}

/** Returns the key that a store sent with an event about one key. */
export function storedKey({ data, sizes }: Pick<StoreEvent, 'data' | 'sizes'>): LastKey {
  const [size] = sizes?.entries ?? [];
  const [key, value] = data ?? [size?.key];
  return {
    key: key && Slice.of(key),
    length: value?.length ?? size?.length ?? 0,
    value: () => value && Slice.of(value),
  };
}

/** What a store sent with an event instead of data that was too much. */
export class StoredSizes implements LastData {
  readonly #sizes: DataSizes;

  constructor(sizes: DataSizes) {
    this.#sizes = sizes;
  }

  get count(): number {
    return this.#sizes.count;
  }

  visit(room: Room): void {
    room.fill();
  }

  visitSizes(visit: (key: Slice, length: number) => boolean): void {
    for (const { key, length } of this.#sizes.entries) if (!visit(Slice.of(key), length)) return;
  }
}
