/** What a client holds of the server's memory, in bytes. */
export interface ClientMemory {
  /** What came and is not served yet. */
  readonly query: number;
  /** What is kept for more of it. */
  readonly queryFree: number;
  /** Where the arguments of a request lie that is not whole yet. */
  readonly args: number;
  /** Commands that wait for EXEC, and what is watched. */
  readonly transaction: number;
  /** What replies are written into. */
  readonly reply: number;
  /** Replies and messages that the client has not read. */
  readonly output: number;
  /** Channels and patterns that it listens to. */
  readonly subscriptions: number;
}

/** What the objects of a connection take, in bytes, about: growth of the heap with 1,000 idle ones. */
export const BYTES_PER_CLIENT = 6000;

/** All that a client holds of the server's memory, in bytes. */
export function memoryOf({ held }: { readonly held: number }): number {
  return BYTES_PER_CLIENT + held;
}
