import type { Reply } from './nodes.js';
import { Request } from './request.js';
import { RequestBytes } from './request-bytes.js';

/** A command other than a function call. */
export class NodeCommand extends Request {
  readonly #resolve: (reply: Reply) => void;
  readonly #reject: (error: Error) => void;

  /** @param reject Called with an error. Its message is that of the node's error, or says why there is no reply. */
  constructor(command: readonly (string | number)[], resolve: (reply: Reply) => void, reject: (error: Error) => void) {
    const encoder = new RequestBytes(0);
    const start = encoder.append('', 0, command);
    super(encoder.chunk, start, encoder.end, true);
    this.#resolve = resolve;
    this.#reject = reject;
  }

  succeed(reply: Reply): void {
    this.#resolve(reply);
  }

  refuse(error: string): void {
    this.#reject(new Error(error));
  }

  lose(reason: string): void {
    this.#reject(new Error(reason));
  }

  lackReplicas(): void {}

  giveBack(): void {
    this.lose('the connection was closed');
  }
}
