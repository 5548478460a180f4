import type { ServerProcess } from '../processes.js';
import type { Exchange } from './ask.js';

/**
 * A server that is measured: how the same is said to it as to the other one. Sessions are numbered from 0; a session's
 * name ends in its number, so that each event can be held against the deadline it is about.
 */
export interface Contender {
  readonly start: () => Promise<ServerProcess>;
  /** Makes the session that the second client reads, which never expires, and turns on what the events need. */
  readonly preparation: Exchange;
  /** Asks for the event of each session that expires. The third part of every message is to end in its number. */
  readonly subscription: Exchange;
  /** What the second client asks again and again. */
  readonly probe: Exchange;
  /** Makes a session of one key that does not expire yet. */
  create(session: number): Exchange;
  /**
   * Has a session expire.
   * @param due When, in ms of `now()`.
   * @param sent What `now()` says as this is sent.
   * @returns Also the deadline itself, in ms of `now()`: the server counts in whole ms.
   */
  expire(session: number, due: number, sent: number): Exchange & { readonly deadline: number };
}
