import { MAX_DATABASES } from './databases.js';
import { MAX_EVENT_BYTES } from './event-limits.js';
import { nearest } from './nearest.js';
import {
  addresses,
  choice,
  eventFilterText,
  GB,
  integer,
  KB,
  type Kind,
  keyspaceEvents,
  MB,
  type OutputLimits,
  optional,
  outputLimits,
  type Percentage,
  size,
  sizeOrPercentage,
  storeUrl,
  text,
  webhooks,
  withAliases,
  yesNo,
} from './option-kinds.js';
import { parseStoreUrl } from './store-url.js';

/** One row of the table of options. */
interface Option<Value> {
  readonly group: OptionGroup;
  readonly kind: Kind<Value>;
  readonly initial: Value;
  readonly help: string;
  /** Whether the value is a credential. CONFIG GET does not show credentials. */
  readonly hidden?: true;
  /** Another name for it: on the command line, in the environment, in a configuration file and in CONFIG. */
  readonly alias?: string;
  /** Whether CONFIG SET may change it. Then the value must be read from the config each time it is used. */
  readonly live?: true;
  /** Whether a reload of the configuration may change it, although CONFIG SET may not. */
  readonly reloads?: true;
}

export type OptionGroup =
  | 'Network'
  | 'HTTP'
  | 'TLS'
  | 'Access'
  | 'Persistence'
  | 'Store'
  | 'Events'
  | 'Limits'
  | 'Observation';

/**
 * The options, in one table. The command line, the environment, CONFIG GET and SET, and docs/options.md are generated
 * from it. An option that Redis has too has Redis' name, and its values are written as in Redis.
 */
export const OPTIONS = {
  bind: {
    group: 'Network',
    kind: addresses,
    initial: '127.0.0.1 -::1',
    help: 'Addresses to listen on, separated by spaces. A "-" before an address makes it optional. "*" means all IPv4 addresses, "::*" all IPv6 addresses. Empty for none.',
  },
  port: {
    group: 'Network',
    kind: integer(0, 65_535),
    initial: 6379,
    help: 'Port to listen on. 0 picks a free one.',
  },
  'tcp-backlog': {
    group: 'Network',
    kind: integer(1, 65_535),
    initial: 511,
    help: 'How many connections may wait to be accepted.',
  },
  'tcp-keepalive': {
    group: 'Network',
    kind: integer(0, 86_400, 'seconds'),
    initial: 300,
    help: 'Seconds of silence before the system checks that a client is still there. 0 turns the check off.',
    live: true,
  },
  unixsocket: {
    group: 'Network',
    kind: text('path'),
    initial: '',
    help: 'Path of a unix socket to listen on, in addition to the port.',
  },
  unixsocketperm: {
    group: 'Network',
    kind: text('mode', /^[0-7]{3}$/, 'expected three octal digits, such as 770'),
    initial: '700',
    help: 'Permissions of the unix socket, in octal as for chmod.',
  },
  'http-port': {
    group: 'HTTP',
    kind: optional(integer(0, 65_535)),
    initial: undefined,
    help: 'Port of the health checks, the metrics and the page. 0 picks a free one. Empty for none.',
  },
  'http-bind': {
    group: 'HTTP',
    kind: addresses,
    initial: '127.0.0.1',
    help: 'Addresses on which http-port listens, written as for bind.',
  },
  'tls-cert': {
    group: 'TLS',
    kind: text('file'),
    initial: '',
    help: 'Certificate in PEM, followed by any intermediate certificates. Needs tls-key. The port and http-port then accept only TLS.',
    reloads: true,
  },
  'tls-key': {
    group: 'TLS',
    kind: text('file'),
    initial: '',
    help: 'Private key of the certificate, in PEM, without a passphrase.',
    reloads: true,
  },
  'tls-ca': {
    group: 'TLS',
    kind: text('file'),
    initial: '',
    help: 'CA certificates in PEM, with which the certificates of clients are checked.',
    reloads: true,
  },
  'tls-auth-clients': {
    group: 'TLS',
    kind: choice('yes', 'no', 'optional'),
    initial: 'optional',
    help: 'Whether clients need a certificate signed by tls-ca. With "optional" a client may have none, but one that tls-ca did not sign is refused.',
  },
  'protected-mode': {
    group: 'Access',
    kind: yesNo,
    initial: true,
    help: 'Without a password or users, accept connections only from this machine.',
    live: true,
  },
  requirepass: {
    group: 'Access',
    // A client that has not authenticated cannot send more than 16 KB.
    kind: text('password', /^.{0,512}$/s, 'expected at most 512 characters'),
    initial: '',
    help: 'Password that clients give with AUTH. Prefer the environment variable or requirepass-file, because other users of the machine can see the command line.',
    hidden: true,
    live: true,
  },
  'requirepass-file': {
    group: 'Access',
    kind: text('file'),
    initial: '',
    help: 'File that holds the password, such as a mounted secret. A final line ending is not part of the password.',
    reloads: true,
  },
  users: {
    group: 'Access',
    kind: text('users'),
    initial: '',
    help: 'Named users, separated by ";". Each has a name, permissions and a password, separated by spaces. Permissions are read, write, events, admin and monitor, joined by ",". "#" and the SHA-256 of a password can stand in for the password.',
    hidden: true,
    reloads: true,
  },
  'users-file': {
    group: 'Access',
    kind: text('file'),
    initial: '',
    help: 'File with the named users, one per line.',
    reloads: true,
  },
  'auth-timeout': {
    group: 'Access',
    kind: integer(0, 86_400, 'seconds'),
    initial: 60,
    help: 'How long a client may take to authenticate, in seconds. 0 for no limit.',
    live: true,
  },
  secret: {
    group: 'Access',
    kind: text('text'),
    initial: '',
    help: 'Key from which the tokens of shared sessions are derived, at least 16 bytes. Without one, respite generates it: with appendonly it is kept in dir, otherwise it is new at each start.',
    hidden: true,
  },
  'secret-file': {
    group: 'Access',
    kind: text('file'),
    initial: '',
    help: 'File that holds the secret.',
  },
  appendonly: {
    group: 'Persistence',
    kind: yesNo,
    initial: false,
    help: 'Keep a journal on disk, so that sessions survive a restart.',
  },
  appendfsync: {
    group: 'Persistence',
    kind: choice('always', 'everysec', 'no'),
    initial: 'everysec',
    help: 'When the journal is synced to disk, so that it survives a power failure: before each reply (always), once a second (everysec), or when the operating system chooses (no).',
    live: true,
  },
  dir: {
    group: 'Persistence',
    kind: text('directory', /./, 'expected a directory'),
    initial: './respite-data',
    help: 'Directory for the journal, the generated secret and saved data sets. It is created when needed.',
  },
  'auto-aof-rewrite-percentage': {
    group: 'Persistence',
    kind: integer(0, 2 ** 31 - 1, 'percent'),
    initial: 100,
    help: 'Compact the journal when it has grown by this percentage since the last compaction. 0 for never.',
    live: true,
  },
  'auto-aof-rewrite-min-size': {
    group: 'Persistence',
    kind: size(0, 2 ** 50),
    initial: 64 * MB,
    help: 'Do not compact a journal that is smaller than this.',
    live: true,
  },
  store: {
    group: 'Store',
    kind: storeUrl,
    initial: '',
    help: 'Valkey or Redis that keeps the sessions, so that several machines can serve them: redis://, or with TLS rediss://, then user:password@ if it needs them, addresses separated by commas, and /database if there is no cluster. valkey:// and valkeys:// mean the same. A few nodes of a cluster, the primary, or its Sentinels are enough. Empty to keep sessions in memory.',
    hidden: true,
  },
  'store-password-file': {
    group: 'Store',
    kind: text('file'),
    initial: '',
    help: 'File that holds the password for the store, such as a mounted secret. A final line ending is not part of the password.',
  },
  'store-prefix': {
    group: 'Store',
    kind: text('prefix', /^[^\s{}]{0,64}$/, 'expected at most 64 characters, without spaces and braces'),
    initial: 'respite:',
    help: 'Prefix of all keys in the store. Servers with the same prefix serve the same sessions.',
  },
  'store-partitions': {
    group: 'Store',
    kind: optional(integer(1, 4096)),
    initial: undefined,
    help: 'Number of partitions of the store. It cannot be changed once the store has been used. Empty for the number that the store has. A new store gets 256.',
  },
  'store-wait': {
    group: 'Store',
    kind: integer(0, 16, 'replicas'),
    initial: 0,
    help: 'How many replicas must have received a change before its command is answered. With 0, a change that was just acknowledged can be lost in a failover.',
  },
  'store-timeout': {
    group: 'Store',
    kind: integer(100, 60_000, 'ms'),
    initial: 2000,
    help: 'How long a node of the store may take to answer a call, in ms. After that the command gets TRYAGAIN, CLUSTERDOWN or NOREPLICAS.',
  },
  'store-events': {
    group: 'Store',
    // The functions of the store keep at most 10,000.
    kind: integer(100, 10_000),
    initial: 1000,
    help: 'About how many events each partition of the store keeps. A server that was away for a moment publishes those that it has missed.',
  },
  'store-tls-ca': {
    group: 'Store',
    kind: text('file'),
    initial: '',
    help: 'CA certificates in PEM, with which the certificates of the store are checked. Empty for those that Node.js trusts.',
  },
  'store-tls-cert': {
    group: 'Store',
    kind: text('file'),
    initial: '',
    help: 'Certificate in PEM that respite presents to the store. Needs store-tls-key.',
  },
  'store-tls-key': {
    group: 'Store',
    kind: text('file'),
    initial: '',
    help: 'Private key of store-tls-cert, in PEM, without a passphrase.',
  },
  'store-sentinel-name': {
    group: 'Store',
    kind: text('name'),
    initial: '',
    help: 'Name under which the Sentinels know the primary. Needed only if they know several.',
  },
  'store-sentinel-password-file': {
    group: 'Store',
    kind: text('file'),
    initial: '',
    help: 'File that holds the password for the Sentinels, if they need one.',
  },
  'events-stream': {
    group: 'Events',
    kind: yesNo,
    initial: false,
    help: 'Whether the events of sessions are also entries of a stream, which readers can catch up with.',
  },
  'events-filter': {
    group: 'Events',
    kind: eventFilterText,
    initial: '',
    help: 'Which events the stream has: events separated by commas, or "*", then optionally a colon and a pattern for the name, as in "expired,limit ended:user:*". One of several, separated by spaces, must apply. Empty for all events.',
    live: true,
  },
  'events-max-len': {
    group: 'Events',
    kind: integer(0, 2 ** 31 - 1),
    initial: 1_000_000,
    help: 'How many entries the stream keeps. The oldest are removed first, read or not. 0 for no limit.',
    live: true,
  },
  'events-max-bytes': {
    group: 'Events',
    // An entry with the data of a session may be larger than half of this.
    kind: size(8 * MB, 1024 * GB),
    initial: 64 * MB,
    help: 'How much memory the entries of the stream and what is pending for its readers may take. It counts as used in maxmemory.',
    live: true,
  },
  'events-max-age': {
    group: 'Events',
    kind: integer(0, 2 ** 31 - 1, 'seconds'),
    initial: 7 * 86_400,
    help: 'How long the stream keeps an entry, in seconds. 0 for no limit.',
    live: true,
  },
  webhook: {
    group: 'Events',
    kind: webhooks,
    initial: '',
    help: 'URL to which events of sessions are posted, and options: events=expired,limit names=pattern data=yes secret-file=path, and more. A configuration file may have several lines. Elsewhere, separate several webhooks by line breaks. Needs events-stream.',
    hidden: true,
    reloads: true,
  },
  'shutdown-delay': {
    group: 'Limits',
    kind: integer(0, 86_400, 'seconds'),
    initial: 0,
    help: 'How long the server still serves clients after it has been asked to stop, in seconds. Meanwhile /readyz answers 503, so that load balancers send no more clients. SHUTDOWN NOW skips it.',
    live: true,
  },
  'shutdown-timeout': {
    group: 'Limits',
    kind: integer(0, 2 ** 31 - 1, 'seconds'),
    initial: 10,
    help: 'How long a shutdown waits, in seconds, for clients to read their replies and for a failing disk to recover.',
    live: true,
  },
  databases: {
    group: 'Limits',
    kind: integer(1, MAX_DATABASES),
    initial: 16,
    help: 'Number of databases of plain keys. SELECT takes 0 up to one less.',
  },
  maxclients: {
    group: 'Limits',
    kind: integer(1, 1_000_000),
    initial: 10_000,
    help: 'Maximum number of connections at a time.',
    live: true,
  },
  timeout: {
    group: 'Limits',
    kind: integer(0, 2 ** 31 - 1, 'seconds'),
    initial: 0,
    help: 'Disconnect a client after this many seconds without a request, unless it is a subscriber or a monitor. 0 for never.',
    live: true,
  },
  maxmemory: {
    group: 'Limits',
    kind: size(0, 1024 * GB),
    initial: 0,
    help: 'Memory that sessions and the program itself may use, not counting clients. At this limit maxmemory-policy applies. 0 for no limit.',
    live: true,
  },
  'maxmemory-policy': {
    group: 'Limits',
    // Redis' name for the same policy.
    kind: withAliases(choice('noeviction', 'volatile-ttl', 'allsessions-lru'), { 'allkeys-lru': 'allsessions-lru' }),
    initial: 'noeviction',
    help: 'What to do at maxmemory: refuse commands that need memory, end the sessions that are due first, or end those that have not been used for longest. allkeys-lru is accepted for allsessions-lru.',
    live: true,
  },
  'proto-max-bulk-len': {
    group: 'Limits',
    kind: size(1 * KB, 256 * MB),
    initial: 64 * MB,
    help: 'Longest argument, and longest value that commands such as APPEND may build.',
  },
  'busy-reply-threshold': {
    group: 'Limits',
    kind: integer(0, 2 ** 31 - 1, 'ms'),
    initial: 5000,
    help: 'For how many ms a script may run. One that has not written is then stopped; otherwise other clients get the error BUSY. 0 means no limit.',
    alias: 'lua-time-limit',
    live: true,
  },
  'proto-max-multibulk-len': {
    group: 'Limits',
    kind: integer(16, 2 ** 20),
    initial: 2 ** 20,
    help: 'Maximum number of arguments in a request.',
    live: true,
  },
  'proto-inline-max-size': {
    group: 'Limits',
    kind: size(1 * KB, 1 * MB),
    initial: 64 * KB,
    help: 'Longest inline request, which is a command sent as a line of text.',
    live: true,
  },
  'client-query-buffer-limit': {
    group: 'Limits',
    kind: size(64 * KB, 1 * GB),
    initial: 256 * MB,
    help: 'Longest request in total, and longest transaction. A client that sends a longer request is disconnected.',
    live: true,
  },
  'client-reply-backlog': {
    group: 'Limits',
    kind: size(16 * KB, 1 * GB),
    initial: 1 * MB,
    help: 'Size of unread replies at which the server stops reading requests from a client.',
    live: true,
  },
  'client-output-buffer-limit': {
    group: 'Limits',
    kind: outputLimits,
    initial: {
      normal: { hard: 512 * MB, soft: 0, seconds: 0 },
      pubsub: { hard: 32 * MB, soft: 8 * MB, seconds: 60 },
    },
    help: 'When to disconnect a client that leaves output unread: at once above the hard limit, or after the given number of seconds above the soft limit. The class "pubsub" is for subscribers and monitors, "normal" for all others. A limit of 0 is off.',
    live: true,
  },
  'maxmemory-clients': {
    group: 'Limits',
    kind: sizeOrPercentage(128 * KB, 1024 * GB),
    initial: 1 * GB,
    help: 'Memory that all clients together may use, in bytes or as a percentage of maxmemory. Above it, the clients that use most are disconnected. 0 for no limit. The default leaves room for any single client that stays within its own limits.',
    live: true,
  },
  'tracking-table-max-keys': {
    group: 'Limits',
    kind: integer(0, 2 ** 31 - 1),
    initial: 100_000,
    help: 'How many keys the server remembers for clients with CLIENT TRACKING. Beyond that, it notifies clients as if the oldest keys had changed. 0 for no limit.',
    live: true,
  },
  'log-format': {
    group: 'Observation',
    kind: choice('text', 'json'),
    initial: 'text',
    help: 'How the log is written: as text for people, or as one JSON object a line for programs.',
  },
  loglevel: {
    group: 'Observation',
    kind: choice('debug', 'verbose', 'notice', 'warning'),
    initial: 'notice',
    help: 'The least important lines that are logged. "verbose" adds connections and their ends, "debug" the errors that clients get.',
    alias: 'log-level',
    live: true,
  },
  logfile: {
    group: 'Observation',
    kind: text('file'),
    initial: '',
    help: 'File to which the log is appended. SIGHUP opens it again after it was renamed. Empty for standard error.',
  },
  'notify-keyspace-events': {
    group: 'Observation',
    kind: keyspaceEvents,
    initial: '',
    help: 'Keyspace events to publish, in the letters that Redis uses: K or E, and any of g $ h s z d x e n m, or A for most of them. Empty for none.',
    live: true,
  },
  'event-data-max-bytes': {
    group: 'Observation',
    // A larger message would delay all clients by more than about 10 ms, and by default subscribers may leave only 8 MB
    // unread.
    kind: size(4 * KB, MAX_EVENT_BYTES),
    initial: 1 * MB,
    help: 'Longest message with the data of a session that has ended. A longer one is truncated: it lists key names and sizes, as many as fit, instead of values.',
    live: true,
  },
  'latency-monitor-threshold': {
    group: 'Observation',
    kind: integer(0, 2 ** 31 - 1, 'ms'),
    initial: 0,
    help: 'What takes at least this many ms is kept for LATENCY LATEST and HISTORY: commands, expiry, eviction, the journal, stalls of the event loop. 0 for nothing.',
    live: true,
  },
  'slowlog-log-slower-than': {
    group: 'Observation',
    kind: integer(-1, 2 ** 31 - 1, 'microseconds'),
    initial: 10_000,
    help: 'Commands that take longer than this many microseconds are kept in SLOWLOG. -1 for none.',
    live: true,
  },
  'slowlog-max-len': {
    group: 'Observation',
    kind: integer(0, 100_000),
    initial: 128,
    help: 'How many commands SLOWLOG keeps.',
    live: true,
  },
} as const satisfies Record<
  string,
  | Option<string>
  | Option<number>
  | Option<number | undefined>
  | Option<boolean>
  | Option<OutputLimits>
  | Option<number | Percentage>
>;

export type OptionName = keyof typeof OPTIONS;

/** A value for every option. */
export type Config = { readonly [Name in OptionName]: ReturnType<(typeof OPTIONS)[Name]['kind']['parse']> };

export const optionNames = Object.keys(OPTIONS) as OptionName[];

/** An option has a value that is not allowed. The message is one line for a person and contains no credential. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConfigError';
  }
}

/**
 * An option cannot be changed while the server runs: it does not exist, needs a restart, or does not allow the value.
 */
export class OptionError extends Error {
  /** The option, as the caller wrote it. */
  readonly option: string;
  /** Why; undefined if there is no such option. */
  readonly reason: string | undefined;

  constructor(option: string, reason: string | undefined) {
    super(reason ?? 'there is no such option');
    this.name = 'OptionError';
    this.option = option;
    this.reason = reason;
  }
}

/** Returns the names of an option's environment variables. If several are set, the first one counts. */
export function environmentNames(name: OptionName): string[] {
  const alias = aliasOf(name);
  const names = alias === undefined ? [name] : [name, alias];
  return names.map((each) => `RESPITE_${each.toUpperCase().replaceAll('-', '_')}`);
}

/**
 * Parses an option's value.
 * @param current The value of which the text may change only a part. By default that is the initial value.
 * @throws Error whose message says what is allowed.
 */
export function parseOption(
  name: OptionName,
  value: string,
  current: Config[OptionName] = OPTIONS[name].initial,
): Config[OptionName] {
  return (OPTIONS[name].kind as Kind<Config[OptionName]>).parse(value, current);
}

/** Writes an option's value as on the command line and in CONFIG GET. */
export function formatOption<Name extends OptionName>(name: Name, value: Config[Name]): string {
  return (OPTIONS[name].kind as Kind<Config[Name]>).format(value);
}

/** Options of Redis that clients read out of habit, but that cannot be set here. */
const FIXED_OPTIONS = { save: '' };

/** Returns the options as CONFIG GET shows them: under each of their names, and without credentials. */
export function visibleOptions(config: Config): [name: string, value: string][] {
  const shown: [name: string, value: string][] = Object.entries(FIXED_OPTIONS);
  for (const name of optionNames) {
    if ('hidden' in OPTIONS[name]) continue;
    const value = formatOption(name, config[name]);
    shown.push([name, value]);
    const alias = aliasOf(name);
    if (alias !== undefined) shown.push([alias, value]);
  }
  return shown;
}

/** Returns an option's default for a person to read. */
export function describeDefault(name: OptionName): string {
  return describeOption(name, OPTIONS[name].initial);
}

/** Writes an option's value for a person to read, with units. It may be a credential. */
export function describeOption<Name extends OptionName>(name: Name, value: Config[Name]): string {
  const { describe } = OPTIONS[name].kind as Kind<Config[Name]>;
  return describe === undefined ? formatOption(name, value) : describe(value);
}

/** Returns an option's value as the words that follow its name in a configuration file. It may be a credential. */
export function optionWords<Name extends OptionName>(name: Name, value: Config[Name]): string[] {
  const text = describeOption(name, value);
  return 'severalWords' in OPTIONS[name].kind && text !== '' ? text.split(' ') : [text];
}

/**
 * Fills in the defaults.
 * @throws ConfigError for an option that does not exist, or a value that is not allowed.
 */
export function withDefaults(given: Partial<Config>): Config {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(OPTIONS, name));
  if (unknown !== undefined) {
    const [near] = nearest(unknown, optionNames);
    throw new ConfigError(`there is no option "${unknown}"${near === undefined ? '' : `; did you mean "${near}"?`}`);
  }
  const entries = optionNames.map((name) => {
    const value = given[name];
    return [name, value === undefined ? OPTIONS[name].initial : checked(name, value)];
  });
  const config = Object.fromEntries(entries) as Config;
  checkTogether(config);
  return config;
}

/**
 * Changes options of a running server: all of the given ones or, if one of them cannot be changed, none.
 * @param given Names, in any case, and values as on the command line.
 * @returns The changed config.
 * @throws OptionError for the first option that cannot be changed in this way.
 */
export function withChanges(config: Config, given: readonly (readonly [name: string, value: string])[]): Config {
  const changed: Record<string, Config[OptionName]> = { ...config };
  // As in Redis, an option that cannot be set at all is reported before a value that is not allowed.
  for (const [name, value] of settable(config, given)) {
    try {
      const kind: Kind<Config[OptionName]> = OPTIONS[name].kind as Kind<Config[OptionName]>;
      changed[name] = kind.parse(value, config[name]);
      checkTogether(changed as Config);
    } catch (error) {
      throw new OptionError(name, (error as Error).message);
    }
  }
  return changed as Config;
}

/** Returns the names and values. @throws OptionError for the first option that CONFIG SET may not change. */
function settable(
  config: Config,
  given: readonly (readonly [name: string, value: string])[],
): (readonly [OptionName, string])[] {
  const seen = new Set<string>();
  return given.map(([written, value]) => {
    const lower = written.toLowerCase();
    if (Object.hasOwn(FIXED_OPTIONS, lower)) throw new OptionError(lower, immutable('this option has only one value'));
    const name = optionNamed(lower);
    if (name === undefined) throw new OptionError(written, undefined);
    const refusal = refusalToSet(name, config);
    if (refusal !== undefined) throw new OptionError(lower, refusal);
    if (seen.has(name)) throw new OptionError(lower, 'duplicate parameter');
    seen.add(name);
    return [name, value];
  });
}

/** Returns why CONFIG SET may not change an option; undefined if it may. */
function refusalToSet(name: OptionName, config: Config): string | undefined {
  if ('reloads' in OPTIONS[name]) {
    return immutable('this option can be changed only in the configuration file, by CONFIG RELOAD');
  }
  if (!('live' in OPTIONS[name])) return immutable('this option can be set only when the server starts');
  if (name === 'requirepass' && config['requirepass-file'] !== '') {
    return 'the password is in requirepass-file: change that file, then use CONFIG RELOAD';
  }
  return undefined;
}

/** Begins with the words of Redis, because clients match on them. */
const immutable = (why: string) => `can't set immutable config: ${why}`;

/** Whether there is an option with that name, in lower case. */
export function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name);
}

/** Returns the option with a name or alias in lower case. */
export function optionNamed(name: string): OptionName | undefined {
  return isOptionName(name) ? name : optionNames.find((each) => aliasOf(each) === name);
}

/** Returns the other name of an option. */
export function aliasOf(name: OptionName): string | undefined {
  const option = OPTIONS[name];
  return 'alias' in option ? option.alias : undefined;
}

/** @throws ConfigError if values that are valid separately cannot be combined. */
export function checkTogether(config: Config): void {
  const { normal } = config['client-output-buffer-limit'];
  if (normal.hard !== 0 && config['client-reply-backlog'] > normal.hard) {
    throw new ConfigError(
      'client-reply-backlog must not be larger than the hard limit of the class "normal" in client-output-buffer-limit',
    );
  }
  if ((config['tls-cert'] === '') !== (config['tls-key'] === '')) {
    const [given, missing] = config['tls-key'] === '' ? ['tls-cert', 'tls-key'] : ['tls-key', 'tls-cert'];
    throw new ConfigError(`${given} needs ${missing} as well`);
  }
  if (config['tls-ca'] !== '' && config['tls-cert'] === '') {
    throw new ConfigError('tls-ca needs tls-cert and tls-key as well');
  }
  if (config['tls-auth-clients'] === 'yes' && config['tls-ca'] === '') {
    throw new ConfigError('tls-auth-clients yes needs tls-ca, against which the certificates of clients are checked');
  }
  if (config.bind.trim() === '' && config.unixsocket === '') {
    throw new ConfigError('there is nothing to listen on: set bind to an address, or unixsocket to a path');
  }
  if (config['http-port'] !== undefined && config['http-bind'].trim() === '') {
    throw new ConfigError('http-port needs an address in http-bind');
  }
  if (config.webhook !== '' && !config['events-stream']) {
    throw new ConfigError(
      'webhook needs events-stream yes when respite starts: it delivers the entries of that stream',
    );
  }
  if (config.store === '') checkWithoutStore(config);
  else checkStore(config);
}

function checkWithoutStore(config: Config): void {
  const option = optionNames.find((name) => name.startsWith('store-') && !isInitial(config, name));
  if (option !== undefined) throw new ConfigError(`${option} needs store, which says where the store is`);
}

/** Options about sessions in the server's memory, and what to use instead if a store keeps them. */
const ONLY_IN_MEMORY: { readonly [Name in OptionName]?: string } = {
  appendonly: 'set up persistence in the store',
  secret: 'the store has its own secret, which it generates',
  'secret-file': 'the store has its own secret, which it generates',
  maxmemory: 'set maxmemory on the nodes of the store',
  'maxmemory-policy': 'a store must not evict sessions, so set maxmemory-policy noeviction on its nodes',
  'notify-keyspace-events': 'subscribe to the events of sessions, such as __session__:expired:*',
};

function checkStore(config: Config): void {
  for (const [name, instead] of Object.entries(ONLY_IN_MEMORY) as [OptionName, string][]) {
    if (!isInitial(config, name)) {
      throw new ConfigError(`${name} is for sessions in memory and cannot be combined with store: ${instead}`);
    }
  }
  const { secure, password } = parseStoreUrl(config.store);
  if (password !== undefined && config['store-password-file'] !== '') {
    throw new ConfigError('the password for the store is both in store and in store-password-file: remove one of them');
  }
  const [ca, cert, key] = STORE_TLS.map((name) => config[name] !== '');
  if (cert !== key) {
    const [given, missing] = cert ? ['store-tls-cert', 'store-tls-key'] : ['store-tls-key', 'store-tls-cert'];
    throw new ConfigError(`${given} needs ${missing} as well`);
  }
  if (!secure && (ca || cert)) {
    throw new ConfigError(`${ca ? 'store-tls-ca' : 'store-tls-cert'} needs a store with TLS: rediss:// or valkeys://`);
  }
}

const STORE_TLS = ['store-tls-ca', 'store-tls-cert', 'store-tls-key'] as const;

function isInitial(config: Config, name: OptionName): boolean {
  return formatOption(name, config[name]) === formatOption(name, OPTIONS[name].initial);
}

function checked(name: OptionName, value: Config[OptionName]): Config[OptionName] {
  try {
    return parseOption(name, formatOption(name, value));
  } catch (error) {
    const given = 'hidden' in OPTIONS[name] ? '' : `, but it is ${JSON.stringify(value)}`;
    throw new ConfigError(`option ${name}: ${(error as Error).message}${given}`);
  }
}
