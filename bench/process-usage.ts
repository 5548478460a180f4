import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'latin1' }));

/** Returns the processor time that a process has used so far, user and system, in all threads, in seconds. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The second field is the program's name in parentheses, which may contain anything. Count from the third field on.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system] = fields.slice(14 - 3);
  return (Number(user) + Number(system)) / ticksPerSecond;
}

/** Returns the memory of a process that is in RAM (RSS), in bytes. */
export function residentBytesOf(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  if (kilobytes === undefined) throw new Error(`process ${pid} has no VmRSS: it has ended`);
  return Number(kilobytes) * 1024;
}
