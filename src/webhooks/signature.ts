import { createRequire } from 'node:module';
import { ConfigError } from '../config.js';

/** Signs a message as Standard Webhooks prescribes. Returns the value of the header `webhook-signature`. */
export type Sign = (id: string, at: Date, body: Buffer) => string;

/** The least and the most bytes in a secret, by Standard Webhooks. */
const SHORTEST = 24;
const LONGEST = 64;
const EXPECTED = `expected whsec_ and the base64 of ${SHORTEST} to ${LONGEST} random bytes`;

/**
 * Returns what signs messages, with each of the secrets: a receiver accepts a message if one signature is right, so
 * that secrets can be replaced.
 * @param where Where the secrets are written, for errors.
 * @throws ConfigError if a secret is none, or if the package is missing.
 */
export function signerFor(secrets: readonly string[], where: string): Sign {
  for (const secret of secrets) checkSecret(secret, where);
  const { Webhook } = loadPackage();
  const webhooks = secrets.map((secret) => new Webhook(secret));
  return (id, at, body) => webhooks.map((webhook) => webhook.sign(id, at, body)).join(' ');
}

function checkSecret(secret: string, where: string): void {
  const [, base64] = /^whsec_((?:[A-Za-z\d+/]{4})+(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?)$/.exec(secret) ?? [];
  const length = base64 === undefined ? 0 : Buffer.from(base64, 'base64').length;
  if (length < SHORTEST || length > LONGEST) throw new ConfigError(`${where}: ${EXPECTED}`);
}

function loadPackage(): typeof import('standardwebhooks') {
  try {
    return createRequire(import.meta.url)('standardwebhooks');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    throw new ConfigError('a webhook with a secret needs the package standardwebhooks: npm install standardwebhooks');
  }
}
