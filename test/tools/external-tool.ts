import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { watched } from '../child-process.js';

/** Programs that are not ours, as the tests drive them. */

/** Whether a command ends well; what it prints is thrown away. */
export const works = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0;

/** Whether a tool is there. If not, says so: its tests are skipped, which nobody should overlook. */
export function isThere(tool: string, packages: string, there: boolean): boolean {
  if (!there) console.warn(`NOTICE: ${tool} is not installed (Debian: ${packages}): its tests are skipped`);
  return there;
}

/** Runs a tool to its end, which must be a good one. Returns what it printed. */
export async function run(
  command: string,
  args: readonly string[],
  { input = '', env = {} }: { input?: string; env?: Record<string, string> } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = watched(
      execFile(command, args, { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
        if (error === null && stderr === '') resolve(stdout);
        else reject(new Error(`${command} ended with ${error?.code ?? 0}: ${stderr}${stdout}`));
      }),
    );
    // A tool that reads no input may have ended before it is there.
    child.stdin?.on('error', () => {}).end(input);
  });
}

/** A tool that runs on until it is stopped. */
export class Tool {
  readonly #child: ChildProcess;
  #output = '';
  #ended = false;
  #wake: () => void = () => {};

  constructor(command: string, args: readonly string[], env: Record<string, string> = {}) {
    const child = watched(spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] }));
    child.once('close', () => {
      this.#ended = true;
      this.#wake();
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text) => {
        this.#output += text;
        this.#wake();
      });
    }
    this.#child = child;
  }

  /** What it has printed, errors included. */
  get output(): string {
    return this.#output;
  }

  /** Waits until its output matches. */
  async until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#output)) {
      if (this.#ended) throw new Error(`it ended without ${pattern}: ${this.#output}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async stop(): Promise<void> {
    if (this.#ended) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'close');
  }
}
