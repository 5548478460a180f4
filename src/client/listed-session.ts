import { integerOf, mapOf, textOf, textOrNullOf } from './replies.js';

/** A session in a list: what is known about it without its token. */
export interface ListedSession<Key extends string = never> {
  /** Identifies the session among those with its name, and opens nothing: it may be shown to users. */
  readonly id: string;
  /** In Unix ms. */
  readonly created: number;
  /** In Unix ms, to a tenth of a second. Undefined if the session has not been used since the server started. */
  readonly lastUsed: number | undefined;
  /** Milliseconds until the deadline. -1: there is no deadline. */
  readonly pttl: number;
  /** Bytes in the keys and values. */
  readonly bytes: number;
  /** The number of keys. */
  readonly keys: number;
  /** The values of the keys that were asked for, as text; null for a missing key. */
  readonly values: Readonly<Record<Key, string | null>>;
}

/** Converts a session in the reply of SESSION.LIST. */
export function listedSessionOf<Key extends string>(reply: unknown): ListedSession<Key> {
  const map = mapOf(reply, (value) => value);
  const lastUsed = integerOf(map.lastUsed);
  return {
    id: textOf(map.id),
    created: integerOf(map.created),
    lastUsed: lastUsed < 0 ? undefined : lastUsed,
    pttl: integerOf(map.pttl),
    bytes: integerOf(map.bytes),
    keys: integerOf(map.keys),
    values: mapOf(map.values ?? [], textOrNullOf) as Record<Key, string | null>,
  };
}
