/** Something that collects messages in order to send many in one write. */
export interface Sender {
  /** Sends what it has collected. */
  send(): void;
}

/**
 * The senders that have messages waiting. Messages are sent before any reply that is written after them (see
 * `Output.flush`). So when a client receives the reply to a command, the events of that command have been sent.
 * Messages are sent at the latest when the current event loop callback ends.
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
