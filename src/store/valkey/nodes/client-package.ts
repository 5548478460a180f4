import { createRequire } from 'node:module';
import { UnusableStoreError } from '../../remote-store.js';

/** The client library. Only `--store` needs it, so it is loaded only then. */
export type ClientPackage = Pick<typeof import('ioredis'), 'Redis'>;

/** Checked here, and not in package.json, so that applications without `--store` can use any version. */
const VERSION = 6;

const HINT = `npm install ioredis@${VERSION}`;

/** @throws UnusableStoreError (rejects) if it is not installed, or too old. */
export async function loadClientPackage(): Promise<ClientPackage> {
  let client: ClientPackage;
  try {
    client = await import('ioredis');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new UnusableStoreError(`--store needs the package ioredis, which is not installed: ${HINT}`, {
      cause: error,
    });
  }
  const { version } = createRequire(import.meta.url)('ioredis/package.json') as { version: string };
  if (Number.parseInt(version, 10) >= VERSION) return client;
  throw new UnusableStoreError(`--store needs ioredis ${VERSION} or newer, but ${version} is installed: ${HINT}`);
}
