import { UnusableStoreError } from '../../remote-store.js';
import type { FunctionLibrary, Reply, StoreState } from './nodes.js';
import { codeOf } from './refusal.js';

/** The oldest versions that have functions and sharded channels. Valkey has always had them. */
const OLDEST = { Redis: [7, 0], Valkey: [7, 2] } as const;

/** A node that can be asked. */
export interface Asked {
  readonly address: string;
  /** @throws Error (rejects) with the message of the node's error. */
  ask(command: string, ...args: readonly (string | number)[]): Promise<Reply>;
}

export interface Greeting {
  readonly kind: StoreState['kind'];
  /** The product and its version: `Valkey 9.1.2`. */
  readonly version: string;
}

/** Asks a node what it is. @throws UnusableStoreError (rejects) if it is too old or refuses access. */
export async function greet(connection: Asked): Promise<Greeting> {
  const info = String(await connection.ask('INFO', 'server').catch((error) => throwUnusable(connection, error)));
  const field = (name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1];
  const product = field('server_name') === 'valkey' ? 'Valkey' : 'Redis';
  const version = (product === 'Valkey' ? field('valkey_version') : field('redis_version')) ?? 'of an unknown version';
  const mode = field('server_mode') ?? field('redis_mode');
  const [major, minor] = OLDEST[product];
  const [hasMajor = 0, hasMinor = 0] = version.split('.').map(Number);
  if (!(hasMajor > major || (hasMajor === major && hasMinor >= minor))) {
    throw new UnusableStoreError(
      `${connection.address} is ${product} ${version}, but a store has to be Redis ${OLDEST.Redis.join('.')} or Valkey ${OLDEST.Valkey.join('.')}, or newer`,
    );
  }
  const kind = mode === 'cluster' || mode === 'sentinel' ? mode : 'single';
  return { kind, version: `${product} ${version}` };
}

/** Logs in. @throws UnusableStoreError (rejects) if the node refuses. */
export async function authenticate(connection: Asked, user: string | undefined, password: string): Promise<void> {
  const credentials = user === undefined ? [password] : [user, password];
  await connection.ask('AUTH', ...credentials).catch((error: Error) => {
    // The node needs no password.
    if (!/without any password configured/.test(error.message)) throwUnusable(connection, error);
  });
}

/** Selects the database. @throws UnusableStoreError (rejects) if the node does not have it. */
export async function selectDatabase(connection: Asked, database: number): Promise<void> {
  if (database > 0) await connection.ask('SELECT', database).catch((error) => throwUnusable(connection, error));
}

/** Loads the library, unless the node has it. @throws UnusableStoreError (rejects) if the node does not allow this. */
export async function loadLibrary(connection: Asked, library: FunctionLibrary): Promise<void> {
  await connection.ask('FUNCTION', 'LOAD', library.code).catch((error: Error) => {
    if (!/^ERR Library '.*' already exists/.test(error.message)) throwUnusable(connection, error);
  });
}

/** Codes of errors that will not go away: access is refused, or the node lacks what was asked for. */
const FOR_GOOD = new Set(['NOAUTH', 'WRONGPASS', 'NOPERM', 'ERR']);

/** @throws UnusableStoreError if asking again will not help, otherwise the error itself. */
function throwUnusable({ address }: { readonly address: string }, error: Error): never {
  const code = codeOf(error.message);
  if (!FOR_GOOD.has(code)) throw error;
  const hint = code === 'NOAUTH' ? " (set the store's password in store or store-password-file)" : '';
  throw new UnusableStoreError(`${address} refuses respite: ${error.message}${hint}`, { cause: error });
}
