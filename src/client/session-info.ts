import { booleanOf, integerOf, mapOf, textOf } from './replies.js';

/** What a session is like; never its data. */
export interface SessionInfo {
  readonly name: string;
  /** How many it has. */
  readonly keys: number;
  readonly shared: boolean;
  readonly extend: 'none' | 'get' | 'set' | 'both';
  /** In seconds; 0: it never expires. */
  readonly duration: number;
  /** Whether its expiry ends it, or only removes its data. */
  readonly deleteSession: boolean;
  /** In seconds; 0: none. */
  readonly maxAge: number;
  /** Milliseconds to the deadline; -1: none pending. */
  readonly pttl: number;
  /** Unix ms. */
  readonly created: number;
  /** Of memory. */
  readonly bytes: number;
  readonly encoding: 'packed' | 'hashed';
}

/** The reply of SESSION.INFO. */
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
