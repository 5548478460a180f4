import { randomBytes } from 'node:crypto';

const bytes = randomBytes(16);

/**
 * Returns the token of a session, always the same within this process: 96 random bits, shared by all, and the number.
 * It does not have to be stored or read from a reply. For Redis it is the key, so both servers look up as many bytes.
 */
export function tokenOf(session: number): string {
  bytes.writeUInt32BE(session);
  return bytes.toString('base64url');
}
