import type { Client } from './context.js';

/** What the objects of a connection take, in bytes, about: growth of the heap with 1,000 idle ones. */
export const BYTES_PER_CLIENT = 6000;

/** All that a client holds of the server's memory, in bytes. */
export function memoryOf({ held }: Client): number {
  return BYTES_PER_CLIENT + held;
}
