import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * A process with an event loop to itself, so that what it times waits for nobody else's work. It is a program of this
 * folder, and talks to this process by messages.
 */
export class Child {
  /** Rejects if it ends before it is stopped. */
  readonly failure: Promise<never>;
  readonly #process: ChildProcess;
  #stopped = false;

  /**
   * Resolves when it says that it is ready, with its first message.
   * @param program File name of the program, beside this one.
   * @param order What it gets as its first message.
   */
  static async start(program: string, order: unknown): Promise<Child> {
    const child = new Child(program);
    child.post(order);
    await child.message();
    return child;
  }

  private constructor(program: string) {
    // Arrays of figures are sent as they are in memory, not as JSON.
    this.#process = fork(fileURLToPath(new URL(program, import.meta.url)), { serialization: 'advanced' });
    this.failure = new Promise((_, reject) => {
      this.#process.once('exit', () => {
        if (!this.#stopped) reject(new Error(`${program} ended too soon`));
      });
    });
    // Who waits for its messages is told as well: that may be all there is to wait for.
    this.failure.catch(() => {});
  }

  post(message: unknown): void {
    this.#process.send(message as object);
  }

  /** The next message that it sends. @throws Error if it ends instead. */
  async message(): Promise<unknown> {
    const [message] = await Promise.race([once(this.#process, 'message'), this.failure]);
    return message;
  }

  /** Calls back with each message. */
  onMessage(callback: (message: unknown) => void): void {
    this.#process.on('message', callback);
  }

  stop(): void {
    this.#stopped = true;
    this.#process.kill();
  }
}
