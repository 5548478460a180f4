import type { StreamReply } from '../../remote-store.js';

interface WaitingReadParts {
  /** The group whose entries it wants; undefined for XREAD. */
  readonly group: string | undefined;
  /** Asks the store for entries. Resolves to null if there are none. */
  ask(): Promise<StreamReply>;
  /** Called once. @param settle Passes on the outcome. @param isServed Whether it has got entries. */
  onEnd(settle: () => void, isServed: boolean): void;
  readonly resolve: (reply: StreamReply) => void;
  readonly reject: (error: unknown) => void;
}

/** A read that waits for entries of the stream. It never ends while it asks: entries of the reply would be lost. */
export class WaitingRead {
  readonly group: string | undefined;
  readonly #parts: WaitingReadParts;
  #asking = false;
  #again = false;
  #expired = false;
  #ended = false;

  constructor(parts: WaitingReadParts) {
    this.group = parts.group;
    this.#parts = parts;
  }

  /** Call this when there may be entries. */
  ask(): void {
    if (this.#asking) this.#again = true;
    else if (!this.#ended) void this.#ask();
  }

  /** Its time is up, or nobody waits for it any more. */
  expire(): void {
    this.#expired = true;
    if (!this.#asking) this.#end(null);
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    try {
      do {
        this.#again = false;
        const reply = await this.#parts.ask();
        if (reply !== null || (this.#expired && !this.#again)) this.#end(reply);
      } while (this.#again && !this.#ended);
    } catch (error) {
      if (!this.#ended) {
        this.#ended = true;
        this.#parts.onEnd(() => this.#parts.reject(error), false);
      }
    } finally {
      this.#asking = false;
    }
  }

  #end(reply: StreamReply): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#parts.onEnd(() => this.#parts.resolve(reply), reply !== null);
  }
}
