import type { Shape } from './shape.js';

/** One operation on a session, as one kind of server requires it. */
export interface Act {
  /** @param number The number of the session. For operations on the one growing session, the number of the key. */
  request(number: number): string;
  /** The first lines of the only correct replies, see `ReplyScanner`. */
  readonly replies: readonly string[];
}

/** How to request the same operations from one kind of server. */
export interface Dialect {
  /** Creates a session with a known token. */
  create(shape: Shape): Act;
  /**
   * Creates a session as an application does at a login. respite generates the token; for Redis the client generates
   * the key.
   */
  login(shape: Shape): Act;
  /** Ends the session. */
  logout(shape: Shape): Act;
  /** Reads one key and, if the shape says so, extends the session. */
  read(shape: Shape): Act;
  /** Writes one key and, if the shape says so, extends the session. */
  write(shape: Shape): Act;
  /** Reads all keys and, if the shape says so, extends the session. */
  readAll(shape: Shape): Act;
  /** Adds a key to session 0. */
  addKey(shape: Shape): Act;
  /** Reads a key of session 0 and, if the shape says so, extends the session. */
  readKey(shape: Shape): Act;
  /** Writes a key of session 0 and, if the shape says so, extends the session. */
  writeKey(shape: Shape): Act;
  /** Creates or overwrites a session that is a string. */
  setString(shape: Shape): Act;
  /** Reads a session that is a string. */
  getString(shape: Shape): Act;
}

export type DialectName = 'respite' | 'redis';
export type Verb = keyof Dialect;
