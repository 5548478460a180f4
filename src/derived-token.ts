import { createHash } from 'node:crypto';

/**
 * Returns the token of a session that a library identifies by a secret text of another form: 128 bits of its SHA-256.
 * So the text cannot be found from the token.
 */
export function derivedToken(secret: string): string {
  return createHash('sha256').update(secret).digest().subarray(0, 16).toString('base64url');
}
