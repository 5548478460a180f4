/** Something that holds messages back to send many in one write. */
export interface Sender {
  /** Sends what it holds. */
  send(): void;
}

/**
 * Whoever has messages to send. They leave before any reply that is written after they came up (see
 * `Output.flush`), so that who caused an event and waits for its reply knows it to be on its way; at the
 * latest they leave when what the event loop is at now is done.
 */
export class Outbox {
  #waiting: Sender[] = [];

  add(sender: Sender): void {
    if (this.#waiting.length === 0) queueMicrotask(() => this.flush());
    this.#waiting.push(sender);
  }

  flush(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const sender of waiting) sender.send();
  }
}
