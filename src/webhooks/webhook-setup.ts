import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config.js';
import { readWebhooks } from '../credential-files.js';
import type { WebhookLine } from '../webhook-lines.js';
import { type Sign, signerFor } from './signature.js';

/** A webhook with what is in the files that its line names. */
export interface WebhookSetup {
  readonly line: WebhookLine;
  readonly secrets: readonly string[];
  /** CA certificates in PEM; undefined for those that Node.js trusts. */
  readonly ca: string | undefined;
  /** Signs with the secrets; undefined if there are none. */
  readonly sign: Sign | undefined;
}

/**
 * Returns the webhooks of the option `webhook`.
 * @throws ConfigError if a file cannot be read or used, or the package that signs is missing.
 */
export function webhookSetups(config: Config): WebhookSetup[] {
  return readWebhooks(config).map(({ line, secrets, ca }) => ({
    line,
    secrets,
    ca,
    sign: secrets.length === 0 ? undefined : signerFor(secrets, `webhook ${line.name}, secret-file ${line.secretFile}`),
  }));
}

/** Whether two setups mean the same. */
export function isSame(one: WebhookSetup, other: WebhookSetup): boolean {
  return one.ca === other.ca && isDeepStrictEqual([one.line, one.secrets], [other.line, other.secrets]);
}
