import { eventFilter } from './event-filter.js';
import { parseStoreUrl } from './store-url.js';
import { parseWebhooks } from './webhook-lines.js';

/** A kind of option values, such as numbers or sizes: how to parse and format them. */
export interface Kind<Value> {
  /** What `--help` shows in place of the value. */
  readonly placeholder: string;
  /**
   * @param current The option's current value, for kinds whose text may change only a part of it.
   * @throws Error whose message says what is allowed.
   */
  parse(text: string, current?: Value): Value;
  /** Formats a value so that `parse` reads it back. */
  format(value: Value): string;
  /** Like `format`, but for a person to read, if that differs. */
  describe?(value: Value): string;
  /** Whether a configuration file may write the value as several words without quotes around them. */
  readonly severalWords?: true;
}

export const KB = 1024;
export const MB = 1024 * KB;
export const GB = 1024 * MB;
/** As in redis.conf: `1k` is 1000, `1kb` is 1024. */
const UNITS: Record<string, number> = { '': 1, b: 1, k: 1e3, kb: KB, m: 1e6, mb: MB, g: 1e9, gb: GB };

export function text(placeholder: string, allowed = /^/, expected = ''): Kind<string> {
  return {
    placeholder,
    parse(value) {
      if (!allowed.test(value)) throw new Error(expected);
      return value;
    },
    format: String,
  };
}

export function integer(min: number, max: number, unit = 'number'): Kind<number> {
  return {
    placeholder: unit,
    parse(value) {
      const number = Number(value);
      if (/^-?\d+$/.test(value) && number >= min && number <= max) return number;
      throw new Error(`expected a whole number from ${min} to ${max}`);
    },
    format: String,
  };
}

export function size(min: number, max: number): Kind<number> {
  return {
    placeholder: 'bytes',
    parse(value) {
      const bytes = parseSize(value);
      if (bytes >= min && bytes <= max) return bytes;
      throw new Error(`expected a size from ${formatSize(min)} to ${formatSize(max)}, such as 512kb or 64mb`);
    },
    format: String,
    describe: formatSize,
  };
}

/** Which events are kept, as `eventFilter` reads it. */
export const eventFilterText: Kind<string> = {
  placeholder: 'filter',
  severalWords: true,
  parse(value) {
    eventFilter(value);
    return value;
  },
  format: String,
};

/** A percentage of another option's value. */
export type Percentage = `${number}%`;

/** A size from `min` to `max`, 0 for no limit, or a percentage. */
export function sizeOrPercentage(min: number, max: number): Kind<number | Percentage> {
  return {
    placeholder: 'bytes|percentage',
    parse(value) {
      const [, percent] = /^([1-9]\d?|100)%$/.exec(value) ?? [];
      if (percent !== undefined) return `${Number(percent)}%`;
      const bytes = parseSize(value);
      if (bytes === 0 || (bytes >= min && bytes <= max)) return bytes;
      throw new Error(
        `expected 0, a size from ${formatSize(min)} to ${formatSize(max)}, such as 512mb, or a percentage, such as 5%`,
      );
    },
    format: String,
    describe: (value) => (typeof value === 'number' ? formatSize(value) : value),
  };
}

export function choice<Word extends string>(...words: readonly Word[]): Kind<Word> {
  return {
    placeholder: words.join('|'),
    parse(value) {
      const word = words.find((candidate) => candidate === value);
      if (word === undefined) throw new Error(`expected one of ${words.join(', ')}`);
      return word;
    },
    format: String,
  };
}

/** Returns a kind that also accepts other words for some of its values. */
export function withAliases<Value>(kind: Kind<Value>, aliases: Readonly<Record<string, string>>): Kind<Value> {
  return {
    ...kind,
    parse: (text, current) => kind.parse(Object.hasOwn(aliases, text) ? aliases[text] : text, current),
  };
}

/** Returns a kind that also accepts an empty text, for no value. */
export function optional<Value>(kind: Kind<Value>): Kind<Value | undefined> {
  return {
    placeholder: kind.placeholder,
    parse: (text) => (text === '' ? undefined : kind.parse(text)),
    format: (value) => (value === undefined ? '' : kind.format(value)),
  };
}

export const yesNo: Kind<boolean> = {
  placeholder: 'yes|no',
  parse(value) {
    if (value === 'yes' || value === 'no') return value === 'yes';
    throw new Error('expected yes or no');
  },
  format: (value) => (value ? 'yes' : 'no'),
};

export const addresses: Kind<string> = {
  ...text(
    'addresses',
    /^\s*(?:-?[^\s-]\S*(?:\s+-?[^\s-]\S*)*)?\s*$/,
    'expected addresses separated by spaces, such as "127.0.0.1 -::1"',
  ),
  severalWords: true,
};

/** Where a store is, or an empty text for none. */
export const storeUrl: Kind<string> = {
  placeholder: 'url',
  parse(text) {
    if (text !== '') parseStoreUrl(text);
    return text;
  },
  format: String,
};

/** One webhook a line. A configuration file may have several lines, which add up; an empty value removes them. */
export const webhooks: Kind<string> = {
  placeholder: 'url [option=value ...]',
  severalWords: true,
  parse(text, current = '') {
    const all = current === '' || text === '' ? text : `${current}\n${text}`;
    parseWebhooks(all);
    return all;
  },
  format: String,
};

/** When to disconnect a client that leaves its output unread. */
export interface OutputLimit {
  /** Immediately, above this many bytes. 0 for never. */
  readonly hard: number;
  /** After `seconds` without interruption above this many bytes. 0 for never. */
  readonly soft: number;
  readonly seconds: number;
}

/** The limits of ordinary clients, and those of subscribers and monitors. */
export interface OutputLimits {
  readonly normal: OutputLimit;
  readonly pubsub: OutputLimit;
}

/** As in redis.conf: one or more classes, each with its limits. Classes that are not named keep their limits. */
export const outputLimits: Kind<OutputLimits> = {
  placeholder: 'class hard soft seconds ...',
  severalWords: true,
  parse(value, current = { normal: NO_OUTPUT_LIMIT, pubsub: NO_OUTPUT_LIMIT }) {
    const words = value.trim().split(/\s+/);
    const limits = { ...current };
    if (words.length % 4 !== 0) throw new Error(OUTPUT_LIMITS_EXPECTED);
    for (let i = 0; i < words.length; i += 4) {
      const [name, ...given] = words.slice(i, i + 4);
      const [hard, soft, seconds] = given.map(parseSize);
      if (!(hard >= 0 && soft >= 0 && seconds >= 0)) throw new Error(OUTPUT_LIMITS_EXPECTED);
      if (name === 'normal' || name === 'pubsub') limits[name] = { hard, soft, seconds };
      // There are no replicas, but a setting that names all of Redis' classes still works.
      else if (name !== 'slave' && name !== 'replica') throw new Error(OUTPUT_LIMITS_EXPECTED);
    }
    return limits;
  },
  format: (limits) => writeOutputLimits(limits, String),
  describe: (limits) => writeOutputLimits(limits, formatSize),
};

function writeOutputLimits({ normal, pubsub }: OutputLimits, writeSize: (bytes: number) => string): string {
  return Object.entries({ normal, pubsub })
    .map(([name, { hard, soft, seconds }]) => `${name} ${writeSize(hard)} ${writeSize(soft)} ${seconds}`)
    .join(' ');
}

const NO_OUTPUT_LIMIT: OutputLimit = { hard: 0, soft: 0, seconds: 0 };
const OUTPUT_LIMITS_EXPECTED =
  'expected "normal" or "pubsub", a hard limit, a soft limit and seconds, such as "pubsub 32mb 8mb 60"';

/** Returns the bytes in a size such as `64mb`, or NaN if it is not a size. */
function parseSize(value: string): number {
  const [, digits, unit] = /^(\d+)([kmg]?b?)$/i.exec(value) ?? [];
  return Number(digits) * UNITS[unit?.toLowerCase()];
}

/** Formats a size for a person to read. Options accept it too. */
export function formatSize(bytes: number): string {
  for (const unit of ['gb', 'mb', 'kb'])
    if (bytes >= UNITS[unit] && bytes % UNITS[unit] === 0) return `${bytes / UNITS[unit]}${unit}`;
  return String(bytes);
}

/**
 * The event kinds that `A` stands for, in Redis' order. Kinds that respite does not have are accepted, and never occur.
 */
const ALL_EVENTS = 'g$lshzxetd';
/** The other letters of `notify-keyspace-events`. */
const OTHER_EVENTS = 'nKEm';

/**
 * As in redis.conf: letters, of which `A` stands for several. The stored value spells them out. Without letters, or
 * without `K` and `E`, nothing is published.
 */
export const keyspaceEvents: Kind<string> = {
  placeholder: 'letters',
  parse(value) {
    const letters = new Set(value.replaceAll('A', ALL_EVENTS));
    for (const letter of letters) {
      if (!ALL_EVENTS.includes(letter) && !OTHER_EVENTS.includes(letter)) {
        throw new Error(`Invalid event class character. Use 'A${ALL_EVENTS}${OTHER_EVENTS}'.`);
      }
    }
    return [...ALL_EVENTS, ...OTHER_EVENTS].filter((letter) => letters.has(letter)).join('');
  },
  // The letters that A stands for come first.
  format: (letters) => letters.replace(ALL_EVENTS, 'A'),
};
