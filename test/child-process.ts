import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/**
 * Processes that tests start, none of which outlives them. A test that fails does not get to stop its own, and vitest may kill the
 * process that runs a file.
 */

const running = new Set<ChildProcess>();

/** Kills whatever still runs. */
export function killChildren(): void {
  for (const child of running) child.kill('SIGKILL');
}

process.once('exit', killChildren);

/** Registers a process, to be killed at the end of this one if it still runs. */
export function watched<Child extends ChildProcess>(child: Child): Child {
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

const LIFELINE = fileURLToPath(new URL('lifeline.mjs', import.meta.url));

/** What has the process end when this one does, however: a pipe that the system closes then. */
export interface NodeChildOptions {
  readonly env?: Record<string, string>;
  /** The user id to run as, for who may choose one. */
  readonly uid?: number;
  /** Whether what it says on stderr is shown. */
  readonly showErrors?: boolean;
}

/** Starts Node.js with arguments. Its input is the lifeline. */
export function startNode(args: readonly string[], { env, uid, showErrors = false }: NodeChildOptions = {}) {
  const child = spawn(process.execPath, ['--import', LIFELINE, ...args], {
    env: { ...process.env, ...env },
    ...(uid !== undefined && { uid }),
    stdio: ['pipe', 'pipe', showErrors ? 'inherit' : 'pipe'],
  });
  // It is not written to, and does not keep this process alive.
  (child.stdin as Writable & { unref(): void }).unref();
  child.stdin?.on('error', () => {});
  return watched(child);
}
