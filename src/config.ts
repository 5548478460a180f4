import { readFileSync } from 'node:fs';

/**
 * The options, in one table: the command line, the environment, CONFIG GET and the README are made
 * from it. Where Redis has an option its name and its way to write values are Redis'.
 */

/** How values of one kind are read and written. */
interface Kind<Value> {
  /** What `--help` shows in the value's place. */
  readonly placeholder: string;
  /** @throws Error, with what is allowed as its message. */
  parse(text: string): Value;
  format(value: Value): string;
}

interface Option<Value> {
  readonly group: OptionGroup;
  readonly kind: Kind<Value>;
  readonly initial: Value;
  readonly help: string;
  /** A credential: CONFIG GET does not show it. */
  readonly hidden?: true;
}

export type OptionGroup = 'Network' | 'Access' | 'Limits';

const KB = 1024;
const MB = 1024 * KB;
const GB = 1024 * MB;
/** As in redis.conf: `1k` is 1000, `1kb` 1024. */
const UNITS: Record<string, number> = { '': 1, b: 1, k: 1e3, kb: KB, m: 1e6, mb: MB, g: 1e9, gb: GB };

function text(placeholder: string, allowed = /^/, expected = ''): Kind<string> {
  return {
    placeholder,
    parse(value) {
      if (!allowed.test(value)) throw new Error(expected);
      return value;
    },
    format: String,
  };
}

function integer(min: number, max: number): Kind<number> {
  return {
    placeholder: 'number',
    parse(value) {
      const number = Number(value);
      if (/^\d+$/.test(value) && number >= min && number <= max) return number;
      throw new Error(`expected a whole number from ${min} to ${max}`);
    },
    format: String,
  };
}

function size(min: number, max: number): Kind<number> {
  return {
    placeholder: 'bytes',
    parse(value) {
      const [, digits, unit] = /^(\d+)([kmg]?b?)$/i.exec(value) ?? [];
      const bytes = Number(digits) * UNITS[unit?.toLowerCase()];
      if (bytes >= min && bytes <= max) return bytes;
      throw new Error(`expected a size from ${formatSize(min)} to ${formatSize(max)}, such as 512kb or 64mb`);
    },
    format: String,
  };
}

const yesNo: Kind<boolean> = {
  placeholder: 'yes|no',
  parse(value) {
    if (value === 'yes' || value === 'no') return value === 'yes';
    throw new Error('expected yes or no');
  },
  format: (value) => (value ? 'yes' : 'no'),
};

const addresses = text(
  'addresses',
  /^\s*-?[^\s-]\S*(?:\s+-?[^\s-]\S*)*\s*$/,
  'expected one or more addresses, separated by spaces',
);

export const OPTIONS = {
  bind: {
    group: 'Network',
    kind: addresses,
    initial: '127.0.0.1 -::1',
    help: 'addresses to listen on, separated by spaces; one behind a "-" may be missing; "*" for all',
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
  'protected-mode': {
    group: 'Access',
    kind: yesNo,
    initial: true,
    help: 'without a password, serve this machine alone',
  },
  requirepass: {
    group: 'Access',
    kind: text('password'),
    initial: '',
    help: 'password that clients must give with AUTH; better in the environment than on the command line',
    hidden: true,
  },
  secret: {
    group: 'Access',
    kind: text('text'),
    initial: '',
    help: 'key from which the tokens of shared sessions are derived, 16 bytes or more; without one they are new at each start',
    hidden: true,
  },
  'secret-file': {
    group: 'Access',
    kind: text('file'),
    initial: '',
    help: 'file that holds the secret',
  },
  maxclients: {
    group: 'Limits',
    kind: integer(1, 1_000_000),
    initial: 10_000,
    help: 'connections at a time',
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
  },
  'proto-inline-max-size': {
    group: 'Limits',
    kind: size(1 * KB, 1 * MB),
    initial: 64 * KB,
    help: 'longest inline request',
  },
  'client-query-buffer-limit': {
    group: 'Limits',
    kind: size(64 * KB, 1 * GB),
    initial: 256 * MB,
    help: 'longest request as a whole; a client that sends more is disconnected',
  },
  'client-output-buffer-soft-limit': {
    group: 'Limits',
    kind: size(16 * KB, 1 * GB),
    initial: 1 * MB,
    help: 'replies that a client may leave unread before no more is read from it',
  },
  'client-output-buffer-limit': {
    group: 'Limits',
    kind: size(1 * MB, 2 * GB),
    initial: 512 * MB,
    help: 'largest reply, or replies at once; a client that asks for more is disconnected',
  },
} as const satisfies Record<string, Option<string> | Option<number> | Option<boolean>>;

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

/** The environment variable of an option. */
export function environmentName(name: OptionName): string {
  return `RESPITE_${name.toUpperCase().replaceAll('-', '_')}`;
}

/** Reads one option's value. @throws Error, with what is allowed as its message. */
export function parseOption(name: OptionName, value: string): Config[OptionName] {
  return OPTIONS[name].kind.parse(value);
}

/** How an option's value is written: on the command line, in CONFIG GET. */
export function formatOption<Name extends OptionName>(name: Name, value: Config[Name]): string {
  return (OPTIONS[name].kind as Kind<Config[Name]>).format(value);
}

/** What clients ask for by habit, of options of Redis that cannot be set here. */
const FIXED_OPTIONS = { databases: '1', save: '', appendonly: 'no', maxmemory: '0', 'maxmemory-policy': 'noeviction' };

/** Names and values of a config as CONFIG GET shows them: without credentials. */
export function visibleOptions(config: Config): [name: string, value: string][] {
  const visible = optionNames.filter((name) => !('hidden' in OPTIONS[name]));
  return [
    ...visible.map((name): [string, string] => [name, formatOption(name, config[name])]),
    ...Object.entries(FIXED_OPTIONS),
  ];
}

/** A value's size for a person to read, and for `parseOption` to read back. */
export function formatSize(bytes: number): string {
  for (const unit of ['gb', 'mb', 'kb'])
    if (bytes >= UNITS[unit] && bytes % UNITS[unit] === 0) return `${bytes / UNITS[unit]}${unit}`;
  return String(bytes);
}

/** An option's default for a person to read. */
export function describeDefault(name: OptionName): string {
  const { kind, initial } = OPTIONS[name];
  return kind.placeholder === 'bytes' ? formatSize(Number(initial)) : formatOption(name, initial);
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
  if (config['client-output-buffer-soft-limit'] > config['client-output-buffer-limit']) {
    throw new ConfigError('client-output-buffer-soft-limit must not be more than client-output-buffer-limit');
  }
  return config;
}

function checked(name: OptionName, value: Config[OptionName]): Config[OptionName] {
  try {
    return parseOption(name, formatOption(name, value));
  } catch (error) {
    throw new ConfigError(`option ${name}: ${(error as Error).message}`);
  }
}

const MIN_SECRET = 16;

/**
 * The secret of shared sessions that a config asks for, undefined if it asks for none.
 * @throws ConfigError if it is too short, given twice, or its file cannot be read.
 */
export function readSecret(config: Config): Buffer | undefined {
  const file = config['secret-file'];
  if (config.secret !== '' && file !== '') throw new ConfigError('give secret or secret-file, not both');
  if (config.secret === '' && file === '') return undefined;
  const secret = file === '' ? Buffer.from(config.secret) : readSecretFile(file);
  if (secret.length < MIN_SECRET) throw new ConfigError(`the secret is too short: ${MIN_SECRET} bytes or more`);
  return secret;
}

function readSecretFile(file: string): Buffer {
  try {
    // The line feed that an editor leaves is not part of it.
    return Buffer.from(readFileSync(file, 'latin1').replace(/\r?\n$/, ''), 'latin1');
  } catch (error) {
    throw new ConfigError(`cannot read secret-file ${file}: ${(error as NodeJS.ErrnoException).code}`);
  }
}
