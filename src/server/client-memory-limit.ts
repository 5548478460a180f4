import type { Config } from '../config.js';
import { KB } from '../option-kinds.js';

/** The lowest limit, in bytes. A lower one cannot be intended. */
const LEAST = 128 * KB;

/** Returns the most bytes that all clients may hold together (`maxmemory-clients`), or Infinity. */
export function clientMemoryLimit({ maxmemory, 'maxmemory-clients': given }: Config): number {
  const limit = typeof given === 'number' ? given : (maxmemory * Number.parseInt(given, 10)) / 100;
  // As in Redis, a limit so small that no client could send a command is raised.
  return limit === 0 ? Infinity : Math.max(limit, LEAST);
}
