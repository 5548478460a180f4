import type { Shape } from './shape.js';

/** One thing that is done with a session, as one server is told it. */
export interface Act {
  /** @param number Which session it is for; of the acts on one growing session, which key. */
  request(number: number): string;
  /** The first lines of the only replies that are right, see `ReplyScanner`. */
  readonly replies: readonly string[];
}

/** How the same acts are said to one kind of server. */
export interface Dialect {
  /** Makes a session of a known token. */
  create(shape: Shape): Act;
  /** As an application does at a login: makes a session whose token respite draws, whose key Redis' client draws. */
  login(shape: Shape): Act;
  /** Ends the session. */
  logout(shape: Shape): Act;
  /** Reads one key and, if the shape says so, extends. */
  read(shape: Shape): Act;
  /** Writes one key and, if the shape says so, extends. */
  write(shape: Shape): Act;
  /** Reads all keys and, if the shape says so, extends. */
  readAll(shape: Shape): Act;
  /** Adds a key to session 0. */
  addKey(shape: Shape): Act;
  /** Reads a key of session 0 and, if the shape says so, extends. */
  readKey(shape: Shape): Act;
  /** Writes a key of session 0 and, if the shape says so, extends. */
  writeKey(shape: Shape): Act;
  /** Makes a session that is a string, or writes it anew. */
  setString(shape: Shape): Act;
  /** Reads a session that is a string. */
  getString(shape: Shape): Act;
}

export type DialectName = 'respite' | 'redis';
export type Verb = keyof Dialect;
