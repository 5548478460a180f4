import {
  addresses,
  choice,
  formatSize,
  GB,
  integer,
  KB,
  type Kind,
  keyspaceEvents,
  MB,
  type OutputLimits,
  outputLimits,
  type Percentage,
  size,
  sizeOrPercentage,
  text,
  withAliases,
  yesNo,
} from './option-kinds.js';

/**
 * The options, in one table: the command line, the environment, CONFIG GET and SET and docs/options.md are made
 * from it. Where Redis has an option its name and its way to write values are Redis'.
 */

interface Option<Value> {
  readonly group: OptionGroup;
  readonly kind: Kind<Value>;
  readonly initial: Value;
  readonly help: string;
  /** A credential: CONFIG GET does not show it. */
  readonly hidden?: true;
  /** CONFIG SET may change it: whoever needs its value looks at the config each time. */
  readonly live?: true;
}

export type OptionGroup = 'Network' | 'TLS' | 'Access' | 'Persistence' | 'Limits' | 'Observation';

export const OPTIONS = {
  bind: {
    group: 'Network',
    kind: addresses,
    initial: '127.0.0.1 -::1',
    help: 'addresses to listen on, separated by spaces; one behind a "-" may be missing; "*" for all; empty for none',
  },
  port: {
    group: 'Network',
    kind: integer(0, 65_535),
    initial: 6379,
    help: 'port to listen on; 0 for any that is free',
  },
  'tcp-backlog': {
    group: 'Network',
    kind: integer(1, 65_535),
    initial: 511,
    help: 'connections that may wait to be accepted',
  },
  'tcp-keepalive': {
    group: 'Network',
    kind: integer(0, 86_400),
    initial: 300,
    help: 'seconds of silence after which the system asks whether a peer is still there; 0 for never',
    live: true,
  },
  unixsocket: {
    group: 'Network',
    kind: text('path'),
    initial: '',
    help: 'path of a unix socket to listen on as well',
  },
  unixsocketperm: {
    group: 'Network',
    kind: text('mode', /^[0-7]{3}$/, 'expected three octal digits, such as 770'),
    initial: '700',
    help: 'who may connect to it, as for chmod',
  },
  'tls-cert': {
    group: 'TLS',
    kind: text('file'),
    initial: '',
    help: 'certificate in PEM, with those that vouch for it; with it and its key, the port speaks TLS alone',
  },
  'tls-key': {
    group: 'TLS',
    kind: text('file'),
    initial: '',
    help: 'private key of the certificate, in PEM',
  },
  'tls-ca': {
    group: 'TLS',
    kind: text('file'),
    initial: '',
    help: 'certificates in PEM that vouch for those of clients',
  },
  'tls-auth-clients': {
    group: 'TLS',
    kind: choice('yes', 'no', 'optional'),
    initial: 'optional',
    help: 'with tls-ca: whether a client must show a certificate, need not, or may; one that tls-ca does not vouch for is refused',
  },
  'protected-mode': {
    group: 'Access',
    kind: yesNo,
    initial: true,
    help: 'without a password, serve this machine alone',
    live: true,
  },
  requirepass: {
    group: 'Access',
    // A client that has not authenticated may not send more than 16 KB.
    kind: text('password', /^.{0,512}$/s, 'expected at most 512 characters'),
    initial: '',
    help: 'password that clients must give with AUTH; better in the environment than on the command line',
    hidden: true,
    live: true,
  },
  users: {
    group: 'Access',
    kind: text('users'),
    initial: '',
    help: 'named users, separated by ";": a name, permissions (read, write, events, admin) joined by ",", and a password or "#" and its SHA-256',
    hidden: true,
  },
  'users-file': {
    group: 'Access',
    kind: text('file'),
    initial: '',
    help: 'file that holds the named users, one a line',
  },
  'auth-timeout': {
    group: 'Access',
    kind: integer(0, 86_400),
    initial: 60,
    help: 'seconds that a client that must authenticate has to do so; 0 for no limit',
    live: true,
  },
  secret: {
    group: 'Access',
    kind: text('text'),
    initial: '',
    help: 'key from which the tokens of shared sessions are derived, 16 bytes or more; without one, one is made: with appendonly it is kept in dir, else it is new at each start',
    hidden: true,
  },
  'secret-file': {
    group: 'Access',
    kind: text('file'),
    initial: '',
    help: 'file that holds the secret',
  },
  appendonly: {
    group: 'Persistence',
    kind: yesNo,
    initial: false,
    help: 'keep a journal, from which a restart has every session again',
  },
  appendfsync: {
    group: 'Persistence',
    kind: choice('always', 'everysec', 'no'),
    initial: 'everysec',
    help: 'when the journal is made to survive a power failure: before each reply, once a second, or when the system likes',
    live: true,
  },
  dir: {
    group: 'Persistence',
    kind: text('directory', /./, 'expected a directory'),
    initial: './respite-data',
    help: 'where the journal, the secret of shared sessions and saved data sets are kept; made when it is needed',
  },
  'auto-aof-rewrite-percentage': {
    group: 'Persistence',
    kind: integer(0, 2 ** 31 - 1),
    initial: 100,
    help: 'the journal is compacted when it has grown by so many percent since the last time; 0 for never',
    live: true,
  },
  'auto-aof-rewrite-min-size': {
    group: 'Persistence',
    kind: size(0, 2 ** 50),
    initial: 64 * MB,
    help: 'a smaller journal is left as it is',
    live: true,
  },
  'shutdown-timeout': {
    group: 'Limits',
    kind: integer(0, 2 ** 31 - 1),
    initial: 10,
    help: 'seconds that a stop waits for clients to read their replies and, with a journal, for a failing disk to recover',
    live: true,
  },
  maxclients: {
    group: 'Limits',
    kind: integer(1, 1_000_000),
    initial: 10_000,
    help: 'connections at a time',
    live: true,
  },
  timeout: {
    group: 'Limits',
    kind: integer(0, 2 ** 31 - 1),
    initial: 0,
    help: 'seconds after which a client that sends nothing is disconnected, unless it listens for messages; 0 for never',
    live: true,
  },
  maxmemory: {
    group: 'Limits',
    kind: size(0, 1024 * GB),
    initial: 0,
    help: 'bytes that sessions and the program itself may use, clients aside, before maxmemory-policy is applied; 0 for no limit',
    live: true,
  },
  'maxmemory-policy': {
    group: 'Limits',
    // Redis' word for the same.
    kind: withAliases(choice('noeviction', 'volatile-ttl', 'allsessions-lru'), { 'allkeys-lru': 'allsessions-lru' }),
    initial: 'noeviction',
    help: 'at maxmemory: refuse what takes memory, end the sessions due first, or those not used for longest (allkeys-lru is taken for that)',
    live: true,
  },
  'proto-max-bulk-len': {
    group: 'Limits',
    kind: size(1 * KB, 256 * MB),
    initial: 64 * MB,
    help: 'longest argument, and longest value that APPEND may make',
  },
  'proto-max-multibulk-len': {
    group: 'Limits',
    kind: integer(16, 2 ** 20),
    initial: 2 ** 20,
    help: 'most arguments in a request',
    live: true,
  },
  'proto-inline-max-size': {
    group: 'Limits',
    kind: size(1 * KB, 1 * MB),
    initial: 64 * KB,
    help: 'longest inline request',
    live: true,
  },
  'client-query-buffer-limit': {
    group: 'Limits',
    kind: size(64 * KB, 1 * GB),
    initial: 256 * MB,
    help: 'longest request as a whole, and longest MULTI; a client that sends a longer request is disconnected',
    live: true,
  },
  'client-reply-backlog': {
    group: 'Limits',
    kind: size(16 * KB, 1 * GB),
    initial: 1 * MB,
    help: 'replies that a client may leave unread before no more is read from it',
    live: true,
  },
  'client-output-buffer-limit': {
    group: 'Limits',
    kind: outputLimits,
    initial: {
      normal: { hard: 512 * MB, soft: 0, seconds: 0 },
      pubsub: { hard: 32 * MB, soft: 8 * MB, seconds: 60 },
    },
    help: 'unread output at which a client is disconnected: at once, or after some seconds on end; "pubsub" are those that listen',
    live: true,
  },
  'maxmemory-clients': {
    group: 'Limits',
    kind: sizeOrPercentage(128 * KB, 1024 * GB),
    initial: 1 * GB,
    help: 'memory that all clients may hold together, in bytes or as a percentage of maxmemory; beyond it those that hold most are disconnected; 0 for no limit. The default leaves room for any single client that keeps to its own limits',
    live: true,
  },
  'notify-keyspace-events': {
    group: 'Observation',
    kind: keyspaceEvents,
    initial: '',
    help: 'which events of keys are published, in the letters of Redis: K or E, and g $ h x e n m, or A for most; none by default',
    live: true,
  },
  'event-data-max-bytes': {
    group: 'Observation',
    // To write more would hold everybody up for more than some 10 ms, and subscribers may leave 8 MB unread by default.
    kind: size(4 * KB, 4 * MB),
    initial: 1 * MB,
    help: 'longest message with the data of a session that has ended; a longer one is truncated: it lists key names and sizes, as many as fit, instead of values',
    live: true,
  },
  'slowlog-log-slower-than': {
    group: 'Observation',
    kind: integer(-1, 2 ** 31 - 1),
    initial: 10_000,
    help: 'microseconds that a command must take to get into SLOWLOG; -1 for none',
    live: true,
  },
  'slowlog-max-len': {
    group: 'Observation',
    kind: integer(0, 100_000),
    initial: 128,
    help: 'commands that SLOWLOG keeps',
    live: true,
  },
} as const satisfies Record<
  string,
  Option<string> | Option<number> | Option<boolean> | Option<OutputLimits> | Option<number | Percentage>
>;

export type OptionName = keyof typeof OPTIONS;

/** A value for every option. */
export type Config = { readonly [Name in OptionName]: ReturnType<(typeof OPTIONS)[Name]['kind']['parse']> };

export const optionNames = Object.keys(OPTIONS) as OptionName[];

/** An option has a value it may not have. The message is one line for a person and holds no credential. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConfigError';
  }
}

/** An option cannot be changed as asked while the server runs: it does not exist, may not be changed, or may not have the value. */
export class OptionError extends Error {
  /** The option, as it was named. */
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

/** The environment variable of an option. */
export function environmentName(name: OptionName): string {
  return `RESPITE_${name.toUpperCase().replaceAll('-', '_')}`;
}

/** Reads one option's value. @throws Error, with what is allowed as its message. */
export function parseOption(name: OptionName, value: string): Config[OptionName] {
  const { kind, initial } = OPTIONS[name];
  return (kind as Kind<Config[OptionName]>).parse(value, initial);
}

/** How an option's value is written: on the command line, in CONFIG GET. */
export function formatOption<Name extends OptionName>(name: Name, value: Config[Name]): string {
  return (OPTIONS[name].kind as Kind<Config[Name]>).format(value);
}

/** What clients ask for by habit, of options of Redis that cannot be set here. */
const FIXED_OPTIONS = { databases: '1', save: '' };

/** Names and values of a config as CONFIG GET shows them: without credentials. */
export function visibleOptions(config: Config): [name: string, value: string][] {
  const visible = optionNames.filter((name) => !('hidden' in OPTIONS[name]));
  return [
    ...visible.map((name): [string, string] => [name, formatOption(name, config[name])]),
    ...Object.entries(FIXED_OPTIONS),
  ];
}

/** An option's default for a person to read. */
export function describeDefault(name: OptionName): string {
  const { kind, initial } = OPTIONS[name];
  return kind.placeholder.startsWith('bytes') ? formatSize(Number(initial)) : formatOption(name, initial);
}

/** Fills in the defaults. @throws ConfigError for an option that there is not, or a value that one may not have. */
export function withDefaults(given: Partial<Config>): Config {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(OPTIONS, name));
  if (unknown !== undefined) throw new ConfigError(`there is no option ${unknown}`);
  const entries = optionNames.map((name) => {
    const value = given[name];
    return [name, value === undefined ? OPTIONS[name].initial : checked(name, value)];
  });
  const config = Object.fromEntries(entries) as Config;
  checkTogether(config);
  return config;
}

/**
 * Changes options of a running server: all of those given or, if one of them may not be, none.
 * @param given Names, in any case, and values as on the command line.
 * @returns The config with the changes. @throws OptionError for the first option that may not be changed so.
 */
export function withChanges(config: Config, given: readonly (readonly [name: string, value: string])[]): Config {
  const changed: Record<string, Config[OptionName]> = { ...config };
  const seen = new Set<string>();
  for (const [written, value] of given) {
    const name = written.toLowerCase();
    if (seen.has(name)) throw new OptionError(name, 'duplicate parameter');
    seen.add(name);
    if (Object.hasOwn(FIXED_OPTIONS, name)) throw new OptionError(name, 'this option cannot be changed');
    if (!isOptionName(name)) throw new OptionError(name, undefined);
    if (!('live' in OPTIONS[name])) throw new OptionError(name, 'it needs a restart with the new value');
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

/** Whether there is an option of that name, in lower case. */
function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name);
}

/** @throws ConfigError where values that are fine by themselves do not go together. */
function checkTogether(config: Config): void {
  const { normal } = config['client-output-buffer-limit'];
  if (normal.hard !== 0 && config['client-reply-backlog'] > normal.hard) {
    throw new ConfigError('client-reply-backlog must not be more than the hard client-output-buffer-limit of normal');
  }
  if ((config['tls-cert'] === '') !== (config['tls-key'] === '')) {
    throw new ConfigError('tls-cert and tls-key go together');
  }
  if (config['tls-ca'] !== '' && config['tls-cert'] === '') throw new ConfigError('tls-ca needs tls-cert and tls-key');
  if (config['tls-auth-clients'] === 'yes' && config['tls-ca'] === '') {
    throw new ConfigError('tls-auth-clients yes needs tls-ca');
  }
  if (config.bind.trim() === '' && config.unixsocket === '') {
    throw new ConfigError('there is nothing to listen on: bind is empty, and there is no unixsocket');
  }
}

function checked(name: OptionName, value: Config[OptionName]): Config[OptionName] {
  try {
    return parseOption(name, formatOption(name, value));
  } catch (error) {
    throw new ConfigError(`option ${name}: ${(error as Error).message}`);
  }
}
