/** The server's memory that a client takes, in bytes. */
export interface ClientMemory {
  /** Received and not served yet. */
  readonly query: number;
  /** The unused part of the input buffers. */
  readonly queryFree: number;
  /** The positions of arguments in an incomplete request. */
  readonly args: number;
  /** Commands queued for EXEC, and what is watched. */
  readonly transaction: number;
  /** The buffers that replies are written to. */
  readonly reply: number;
  /** Replies and messages that the client has not read. */
  readonly output: number;
  /** Channels and patterns that it subscribes to. */
  readonly subscriptions: number;
}

/** About how many bytes the objects of a connection take, measured as heap growth with 1,000 idle connections. */
export const BYTES_PER_CLIENT = 6000;

/** Returns all memory that a client holds, in bytes. */
export function memoryOf({ held }: { readonly held: number }): number {
  return BYTES_PER_CLIENT + held;
}
