import { hkdfSync } from 'node:crypto';

/**
 * Derives a key from the server's secret. Each purpose has its own key: clients choose names and tokens, and must not
 * be able to make the server compute, for one purpose, something that is secret for another.
 */
export function keyFor(secret: Uint8Array, purpose: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', purpose, bytes));
}
