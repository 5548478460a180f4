import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Address } from '../load/client.js';

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '::1']);
/** The code of the state LISTEN in /proc/net/tcp. */
const LISTENING = '0A';

/**
 * Returns the id of the process that listens on an address of this machine; undefined if it cannot be found or
 * examined.
 */
export function listenerOf({ host, port }: Address): number | undefined {
  if (!LOOPBACK.has(host)) return undefined;
  const inodes = ['/proc/net/tcp', '/proc/net/tcp6']
    .filter((file) => existsSync(file))
    .flatMap((file) => listeningInodes(readFileSync(file, 'latin1'), port));
  const sockets = new Set(inodes.map((inode) => `socket:[${inode}]`));
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return processes.map(Number).find((pid) => linksOf(pid).some((link) => sockets.has(link)));
}

/** Returns the inodes of the sockets that listen on a port, from the text of /proc/net/tcp. */
function listeningInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === LISTENING && local.endsWith(suffix))
    .map((fields) => fields[9]);
}

/** Returns what a process' open file descriptors refer to; nothing if it has ended or belongs to another user. */
function linksOf(pid: number): string[] {
  return orNothing(() => readdirSync(`/proc/${pid}/fd`)).flatMap((fd) =>
    // The file may already be closed. In this process that is always true of the folder that was just read.
    orNothing(() => [readlinkSync(`/proc/${pid}/fd/${fd}`)]),
  );
}

function orNothing(read: () => string[]): string[] {
  try {
    return read();
  } catch {
    return [];
  }
}
