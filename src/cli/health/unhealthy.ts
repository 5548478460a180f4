import { reasonOf } from '../../system-error.js';

/** How many ms a server may take to answer. */
export const TIMEOUT_MS = 5000;

/** The longest answer that is read, in characters. */
export const MAX_ANSWER = 64 * 1024;

/** A server is not healthy. The message is one line that says why. */
export class Unhealthy extends Error {}

/** Returns why a server could not be asked, for one line. */
export function whyUnasked(error: unknown): string {
  const { name, code, message } = error as NodeJS.ErrnoException;
  if (name === 'TimeoutError' || name === 'AbortError') return `it has not answered within ${TIMEOUT_MS / 1000} s`;
  return code?.startsWith('E') ? reasonOf(error) : message.split('\n', 1)[0];
}
