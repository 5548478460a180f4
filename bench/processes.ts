import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const running = new Set<ChildProcess>();

/** Starts a program that is killed when this process ends. One that is left behind would affect later measurements. */
export function startProcess(program: string, args: readonly string[], talks = false): ChildProcess {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe', ...(talks ? ['ipc' as const] : [])] });
  running.add(child);
  child.once('close', () => running.delete(child));
  return child;
}

export async function stopProcess(child: ChildProcess): Promise<void> {
  child.kill();
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

export function killRunning(): void {
  for (const child of running) child.kill('SIGKILL');
}

process.once('exit', killRunning);
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
process.once('SIGHUP', () => process.exit(129));

/**
 * Waits for a line in which a server says that it is ready.
 * @throws Error if it ends instead.
 */
export function readyLine(child: ChildProcess, ready: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let complaint = '';
    child.once('error', reject);
    for (const input of [child.stdout, child.stderr]) {
      if (input === null) continue;
      createInterface({ input }).on('line', (line) => {
        if (ready.test(line)) resolve();
        if (input === child.stderr) complaint += `${line}\n`;
      });
    }
    child.once('close', (code) =>
      reject(new Error(`${child.spawnfile} ended with ${code} before it was ready: ${complaint}`)),
    );
  });
}

/**
 * Returns the processor time that a process has used so far, user and system, in all threads, in seconds. The kernel
 * counts it in nanoseconds. The times in /proc/PID/stat are whole ticks of 10 ms.
 */
export function cpuSecondsOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const times = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]),
  );
  return times.reduce((sum, time) => sum + time, 0) / 1e9;
}
