import type { ServerProcess } from '../processes.js';
import type { Exchange } from './ask.js';

/**
 * A server to measure, and how to do the same operations on each server. Sessions are numbered from 0. A session's name
 * ends in its number, so each event can be compared with its deadline.
 */
export interface Contender {
  readonly start: () => Promise<ServerProcess>;
  /** Creates the session that the second client reads, which never expires, and enables events. */
  readonly preparation: Exchange;
  /**
   * Subscribes to the event of each session that expires. The third part of every message must end in the session's
   * number.
   */
  readonly subscription: Exchange;
  /** The command that the second client sends repeatedly. */
  readonly probe: Exchange;
  /** Creates a session with one key that does not expire yet. */
  create(session: number): Exchange;
  /**
   * Makes a session expire.
   * @param due When, in ms of `now()`.
   * @param sent The value of `now()` when this is sent.
   * @returns The exchange, and the exact deadline in ms of `now()`: the server uses whole ms.
   */
  expire(session: number, due: number, sent: number): Exchange & { readonly deadline: number };
}
