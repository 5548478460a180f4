import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/**
 * Starts processes that never outlive the tests. A test that fails may not get to stop its processes, and vitest may
 * kill the process that runs a test file.
 */

const running = new Set<ChildProcess>();

/** Kills all processes that are still running. */
export function killChildren(): void {
  for (const child of running) child.kill('SIGKILL');
}

process.once('exit', killChildren);

/** Makes sure that a process is killed when this one ends. */
export function watched<Child extends ChildProcess>(child: Child): Child {
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Ends the process when this one ends, for whatever reason, because the system closes the pipe between them. */
const LIFELINE = fileURLToPath(new URL('lifeline.mjs', import.meta.url));

export interface NodeChildOptions {
  readonly env?: Record<string, string>;
  /** The user id to run as. Only root may choose one. */
  readonly uid?: number;
  /** Whether to show what it writes to stderr. */
  readonly showErrors?: boolean;
}

/** Starts Node.js. Its standard input is the lifeline. */
export function startNode(args: readonly string[], { env, uid, showErrors = false }: NodeChildOptions = {}) {
  const child = spawn(process.execPath, ['--import', LIFELINE, ...args], {
    env: { ...process.env, ...env },
    ...(uid !== undefined && { uid }),
    stdio: ['pipe', 'pipe', showErrors ? 'inherit' : 'pipe'],
  });
  // Nothing is written to it, and it must not keep this process alive.
  (child.stdin as Writable & { unref(): void }).unref();
  child.stdin?.on('error', () => {});
  return watched(child);
}
