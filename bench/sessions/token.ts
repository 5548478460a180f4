import { randomBytes } from 'node:crypto';

const bytes = randomBytes(16);

/**
 * The token of a session, the same whenever this process asks: 96 random bits that all have in common, and the number. It
 * need not be remembered, nor read from a reply. For Redis it is the key, so that both look for as many bytes.
 */
export function tokenOf(session: number): string {
  bytes.writeUInt32BE(session);
  return bytes.toString('base64url');
}
