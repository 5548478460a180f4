import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { watched } from '../child-process.js';

/** Runs other people's programs in the tests. */

/** Whether a command succeeds. Its output is discarded. */
export const works = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0;

/**
 * Whether a tool is installed. If it is not, prints a notice, because its tests are skipped.
 * @throws Error in CI, where no test may be skipped.
 */
export function isThere(tool: string, packages: string, there: boolean): boolean {
  if (!there && process.env.CI) throw new Error(`${tool} is not installed (Debian: ${packages})`);
  if (!there) console.warn(`NOTICE: ${tool} is not installed (Debian: ${packages}): its tests are skipped`);
  return there;
}

/** Runs a tool, which must succeed and print no errors. Returns its output. */
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
    // A tool that reads no input may end before it gets any.
    child.stdin?.on('error', () => {}).end(input);
  });
}

/** A tool that runs until it is stopped. */
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

  /** Its output so far, errors included. */
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

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async stop(): Promise<void> {
    if (this.#ended) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'close');
  }
}
