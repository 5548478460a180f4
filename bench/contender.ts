import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Dialect } from './operations.js';

/** A server of some product to measure. */
export interface Contender {
  readonly name: string;
  readonly dialect: Dialect;
  /** The program and its arguments. What all servers understand is added: address and journal. */
  readonly command: readonly string[];
  /** What it prints when it is ready. */
  readonly ready: RegExp;
  /** The directory of its journal, which is made durable every second. None by default. */
  readonly journal?: string;
}

/** The checkout that this program belongs to. */
const HERE = fileURLToPath(new URL('..', import.meta.url));

/** respite as it was built in a checkout, under a Node.js. */
export function respite(node = process.execPath, name = 'respite', checkout = HERE): Contender {
  return { name, dialect: 'respite', command: [node, join(checkout, 'dist/cli.js')], ready: /is ready on/ };
}

/** Redis, Valkey, or another server with their commands and options. */
export function peer(name: string, command: string): Contender {
  const quiet = ['--save', '', '--appendonly', 'no'];
  return { name, dialect: 'redis', command: [...command.split(' '), ...quiet], ready: /Ready to accept connections/ };
}

/** Returns the version of a program; undefined if it is missing. */
export function versionOf(command: string): string | undefined {
  const [program, ...args] = command.split(' ');
  const { stdout } = spawnSync(program, [...args, '--version'], { encoding: 'utf8' });
  return /\d+\.\d+\.\d+/.exec(stdout ?? '')?.[0];
}
