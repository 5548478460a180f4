import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A program of this folder in a process of its own, so that other work does not delay what it measures. */
export class Child {
  readonly #process: ChildProcess;
  readonly #failure: Promise<never>;
  #stopped = false;

  /** Starts a program and resolves when its first message says that it is ready. */
  static async start(program: string): Promise<Child> {
    const child = new Child(program);
    await child.message();
    return child;
  }

  private constructor(program: string) {
    const file = fileURLToPath(new URL(program, import.meta.url));
    // JSON has no Infinity.
    this.#process = fork(file, { execArgv: ['--import', 'tsx'], serialization: 'advanced' });
    this.#failure = new Promise((_, reject) => {
      this.#process.once('exit', () => {
        if (!this.#stopped) reject(new Error(`${program} ended too soon`));
      });
    });
    // `message` rejects too, so perhaps nobody waits for this promise.
    this.#failure.catch(() => {});
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  post(message: unknown): void {
    this.#process.send(message as object);
  }

  /**
   * Returns the next message that the process sends.
   * @throws Error if the process ends instead, or reports a failure.
   */
  async message(): Promise<unknown> {
    const [message] = await Promise.race([once(this.#process, 'message'), this.#failure]);
    const { failure } = message as { failure?: string };
    if (failure !== undefined) throw new Error(failure);
    return message;
  }

  stop(): void {
    this.#stopped = true;
    this.#process.kill();
  }
}
