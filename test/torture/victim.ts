import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { startNode } from '../child-process.js';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** The program, which is to be killed at any instant, also while it starts. */
export class Victim {
  /** Resolves with its port when it is ready. Rejects if it ends before, unless it was killed: then it never settles. */
  readonly ready: Promise<number>;
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  #killed = false;

  constructor(args: readonly string[]) {
    const child = startNode([CLI, '--bind', '127.0.0.1', '--port', '0', ...args]);
    this.#child = child;
    createInterface({ input: child.stderr as Readable }).on('line', (line) => this.lines.push(line));
    this.ready = new Promise((resolve, reject) => {
      createInterface({ input: child.stdout as Readable }).on('line', (line) => {
        this.lines.push(line);
        const port = /is ready on \S+:(\d+)/.exec(line)?.[1];
        if (port !== undefined) resolve(Number(port));
      });
      child.once('close', (code) => {
        if (!this.#killed) reject(new Error(`the server ended with ${code}:\n${this.lines.slice(-10).join('\n')}`));
      });
    });
    this.ready.catch(() => {});
  }

  /** Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#killed = true;
    this.#child.kill('SIGKILL');
    await this.#gone();
  }

  /** Lets it stop. Resolves with its exit code. */
  async stop(): Promise<number | null> {
    this.#killed = true;
    this.#child.kill('SIGTERM');
    await this.#gone();
    return this.#child.exitCode;
  }

  async #gone(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'close');
  }
}
