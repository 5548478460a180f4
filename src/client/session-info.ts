import { booleanOf, integerOf, mapOf, textOf } from './replies.js';

/** What is known about a session, except its data. */
export interface SessionInfo {
  readonly name: string;
  /** The number of keys. */
  readonly keys: number;
  readonly shared: boolean;
  readonly extend: 'none' | 'get' | 'set' | 'both';
  /** In seconds. 0: the session never expires. */
  readonly duration: number;
  /** Whether the session ends when it expires. Otherwise only its data is removed. */
  readonly deleteSession: boolean;
  /** In seconds. 0: no maximum. */
  readonly maxAge: number;
  /** Milliseconds until the deadline. -1: there is no deadline. */
  readonly pttl: number;
  /** In Unix ms. */
  readonly created: number;
  /** Bytes of memory that the session takes. */
  readonly bytes: number;
  readonly encoding: 'packed' | 'hashed';
}

/** Converts the reply of SESSION.INFO. */
export function sessionInfoOf(reply: unknown): SessionInfo {
  const map = mapOf(reply, (value) => value);
  return {
    name: textOf(map.name),
    keys: integerOf(map.keys),
    shared: booleanOf(map.shared),
    extend: textOf(map.extend) as SessionInfo['extend'],
    duration: integerOf(map.duration),
    deleteSession: booleanOf(map.deleteSession),
    maxAge: integerOf(map.maxage),
    pttl: integerOf(map.pttl),
    created: integerOf(map.created),
    bytes: integerOf(map.bytes),
    encoding: textOf(map.encoding) as SessionInfo['encoding'],
  };
}
