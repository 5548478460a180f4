import type { Client } from './context.js';

/** What the objects of a connection take, in bytes, about: growth of the heap with 1,000 idle ones. */
const BYTES_PER_CLIENT = 6000;

/** All that a client holds of the server's memory, in bytes. */
export function memoryOf(client: Client): number {
  const { query, queryFree, transaction, reply, output } = client.memory();
  return BYTES_PER_CLIENT + query + queryFree + transaction + reply + output;
}
