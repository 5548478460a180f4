/** Something whose replies wait for the end of the turn. */
export interface BatchedReplies {
  /** Writes them to the socket. Does not throw. */
  writeBatched(): void;
}

/** Replies that have waited this long, in ms, are written before the turn ends: many clients may be served in it. */
const LONGEST_WAIT_MS = 1;

/**
 * Writes the replies to all clients that are served in one turn of the event loop together, as Redis does. Written
 * after each client, they would wake a program that waits on another core each time, and it would find one reply.
 * Waking it takes longer than serving a request.
 */
export class ReplyBatch {
  #replies: BatchedReplies[] = [];
  /** When the first of them was added, in ms. */
  #since = 0;

  /** @param now In ms. */
  add(replies: BatchedReplies, now: number): void {
    if (this.#replies.length === 0) {
      this.#since = now;
      setImmediate(this.#write);
    }
    this.#replies.push(replies);
    if (now - this.#since >= LONGEST_WAIT_MS) this.#write();
  }

  readonly #write = (): void => {
    const batch = this.#replies;
    this.#replies = [];
    for (const replies of batch) replies.writeBatched();
  };
}
