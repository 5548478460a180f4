import type { Request } from '../../resp/request.js';

/** Bytes that a deadline takes, besides its key. */
const DEADLINE = 16;
/** Bytes that a new session takes, and the list of its deadlines. */
const SESSION = 512;

/**
 * Returns the most bytes of memory that a request may add whose keys get deadlines. A key with a deadline is stored
 * twice.
 */
export function growthWithDeadlines(request: Request): number {
  return 2 * request.bytes + DEADLINE * request.length + SESSION;
}
