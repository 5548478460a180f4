/** Where a store is, as the option `store` says it. */
export interface StoreUrl {
  /** Whether connections use TLS. */
  readonly secure: boolean;
  /** Undefined for the user `default`. */
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly addresses: readonly StoreAddress[];
  readonly database: number;
}

export interface StoreAddress {
  /** Without brackets around an IPv6 address. */
  readonly host: string;
  readonly port: number;
}

const SCHEMES: Readonly<Record<string, { readonly secure: boolean }>> = {
  redis: { secure: false },
  valkey: { secure: false },
  rediss: { secure: true },
  valkeys: { secure: true },
};

const DEFAULT_PORT = 6379;
const MOST_ADDRESSES = 100;
const EXPECTED =
  'expected redis:// or valkey://, with TLS rediss:// or valkeys://, then addresses separated by commas, ' +
  'such as redis://10.0.0.1:6379,10.0.0.2:6379';

/**
 * Parses `redis://user:password@host:port,host:port/database`. All but the scheme and one host may be missing.
 * @throws Error whose message says what is allowed, and repeats nothing of the text, which may contain a password.
 */
export function parseStoreUrl(text: string): StoreUrl {
  // A password may have an unescaped "@", "/" or ",": an address may not.
  const [, scheme, credentials, hosts, database] = /^(\w+):\/\/(?:(.*)@)?([^@/?#]+)(?:\/(\d{0,4}))?$/s.exec(text) ?? [];
  if (scheme === undefined || !Object.hasOwn(SCHEMES, scheme)) throw new Error(EXPECTED);
  const addresses = hosts.split(',').map(parseAddress);
  if (addresses.length > MOST_ADDRESSES) throw new Error(`expected at most ${MOST_ADDRESSES} addresses`);
  const colon = credentials?.indexOf(':') ?? -1;
  const user = colon < 0 ? credentials : credentials.slice(0, colon);
  const password = colon < 0 ? undefined : credentials.slice(colon + 1);
  return {
    ...SCHEMES[scheme],
    user: unescaped(user),
    password: unescaped(password),
    addresses,
    database: Number(database ?? 0),
  };
}

function parseAddress(text: string): StoreAddress {
  const [, inBrackets, name, digits] = /^(?:\[([\da-fA-F:.]+)\]|([^\s[\]:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = inBrackets ?? name;
  const port = digits === undefined ? DEFAULT_PORT : Number(digits);
  if (host === undefined || port < 1 || port > 65_535) throw new Error(EXPECTED);
  return { host, port };
}

/** Returns undefined for an empty text. */
function unescaped(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error('expected a % in the user or password to be written as %25');
  }
}
