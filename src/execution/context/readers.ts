import type { ReplyEncoder } from '../../resp/reply-encoder.js';
import type { EventStream } from '../../stream/event-stream.js';
import type { Client } from './client.js';

/** A client that runs a command, and where its reply goes. */
export interface Reading {
  readonly client: Client;
  readonly reply: ReplyEncoder;
}

/** Clients that wait for entries of the stream of events. */
export interface Readers {
  /** How many wait. */
  readonly size: number;
  /**
   * Makes a client wait for entries of a stream.
   * @param timeout In ms; 0 for as long as it takes. When it is over, the reply is null.
   * @param attempt Called when there may be something for the client, in the order in which clients began to wait.
   *   Writes the reply and returns true, or a promise if that takes longer; or returns false to wait on.
   *   @throws CodedError, which ends the wait.
   */
  wait(reading: Reading, stream: EventStream, timeout: number, attempt: () => boolean | Promise<void>): Promise<void>;
  /** Serves the clients that can be served, before another command reads what they wait for. */
  serve(): void;
}
