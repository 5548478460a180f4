/** The most messages that wait for a watcher. Each has a few kilobytes. */
const MOST_WAITING = 4;

/** One open stream of server-sent events. */
export class Watcher {
  /** The body of the response. */
  readonly body: ReadableStream<Uint8Array>;
  /** Whether the watcher may see the complete names of sessions. */
  readonly seesNames: boolean;
  /** Events that the watcher missed because it was slow. */
  missed = 0;
  #controller!: ReadableStreamDefaultController<Uint8Array>;

  /** @param onGone Called when the watcher has disconnected. */
  constructor(seesNames: boolean, onGone: (watcher: Watcher) => void) {
    this.seesNames = seesNames;
    this.body = new ReadableStream(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        cancel: () => onGone(this),
      },
      { highWaterMark: MOST_WAITING },
    );
  }

  /** Sends a message, unless too many are waiting already. Returns whether it did. */
  send(message: Uint8Array): boolean {
    if ((this.#controller.desiredSize ?? 0) <= 0) return false;
    this.#controller.enqueue(message);
    return true;
  }

  /** Ends the stream. */
  end(): void {
    this.#controller.close();
  }
}
