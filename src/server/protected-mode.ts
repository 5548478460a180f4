import { isIPv4, isIPv6 } from 'node:net';

/**
 * Protected mode, as in Redis: a server without a password or users that others can reach hands the sessions of
 * everybody to whoever finds its port, so without them it serves its own machine alone (`Access.isProtected`).
 */

/** Why somebody is turned away, and what to do. */
export const PROTECTED_MODE =
  'respite is in protected mode: it has no password, so it serves connections from its own machine alone. ' +
  'To serve others set a password (requirepass), or, if nobody but your own programs can reach the port, ' +
  'turn protected mode off (protected-mode no).';

/** Whether an address, numeric or `localhost`, is of the machine itself. */
export function isLoopback(address: string): boolean {
  const numeric = address.replace(/^::ffff:/i, '');
  if (isIPv4(numeric)) return numeric.startsWith('127.');
  return address === 'localhost' || (isIPv6(address) && address === '::1');
}
