import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * A process with a separate event loop, so what it measures is not delayed by other work. It runs a program of this
 * folder and exchanges messages with this process.
 */
export class Child {
  /** Rejects if the process ends before it is stopped. */
  readonly failure: Promise<never>;
  readonly #process: ChildProcess;
  #stopped = false;

  /**
   * Starts a process and resolves when its first message says that it is ready.
   * @param program The file name of the program, in this folder.
   * @param order The first message to the process.
   */
  static async start(program: string, order: unknown): Promise<Child> {
    const child = new Child(program);
    child.post(order);
    await child.message();
    return child;
  }

  private constructor(program: string) {
    // Arrays of figures are sent in binary form, not as JSON.
    this.#process = fork(fileURLToPath(new URL(program, import.meta.url)), { serialization: 'advanced' });
    this.failure = new Promise((_, reject) => {
      this.#process.once('exit', () => {
        if (!this.#stopped) reject(new Error(`${program} ended too soon`));
      });
    });
    // `message` rejects too, so perhaps nobody waits for this promise.
    this.failure.catch(() => {});
  }

  post(message: unknown): void {
    this.#process.send(message as object);
  }

  /**
   * Returns the next message that the process sends.
   * @throws Error if the process ends instead.
   */
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
