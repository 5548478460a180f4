import type { ServerResponse } from 'node:http';

/** One open stream of server-sent events. */
export class Watcher {
  /** Whether the watcher may see the complete names of sessions. */
  readonly seesNames: boolean;
  /** Events that the watcher missed because it was slow. */
  missed = 0;
  readonly #response: ServerResponse;

  /**
   * Begins the response. The end of the connection ends it, so the messages are not in chunks, and each is one write of
   * bytes that all watchers share.
   * @param onGone Called when the watcher has disconnected.
   */
  constructor(response: ServerResponse, seesNames: boolean, onGone: (watcher: Watcher) => void) {
    this.#response = response;
    this.seesNames = seesNames;
    response.once('close', () => onGone(this));
    response.removeHeader('Transfer-Encoding');
    response.writeHead(200, { 'Content-Type': 'text/event-stream', Connection: 'close' });
  }

  /** Sends a message, unless earlier ones are still waiting to be read. Returns whether it did. */
  send(message: Buffer): boolean {
    if (this.#response.writableNeedDrain) return false;
    this.#response.write(message);
    return true;
  }

  /** Ends the stream. */
  end(): void {
    this.#response.end();
  }
}
