import { type Config, OPTIONS, type OptionName, optionNamed, optionNames, parseOption } from '../config.js';
import { counted } from '../counted.js';
import { nearest } from '../nearest.js';
import type { Kind } from '../option-kinds.js';
import { FileLines } from './file-lines.js';
import { joinWords } from './words.js';

/** An option as a configuration file sets it. */
interface FileOption {
  readonly value: Config[OptionName];
  /** The last line that sets it. `file` is as the user wrote it. */
  readonly file: string;
  readonly line: number;
}

/** What a configuration file says. */
interface ConfigFile {
  readonly options: ReadonlyMap<OptionName, FileOption>;
  /** One line for each mistake, such as `/etc/respite.conf:12: port x: expected …`. None contains a credential. */
  readonly problems: readonly string[];
}

/** This many options that do not exist are not misspelt ones, but those of Redis. */
const A_FEW = 3;
/** The most mistakes that are listed. */
const MOST_SHOWN = 20;
/** The most characters of a value in an error. */
const SHOWN = 80;

/** Reads a configuration file in the syntax of redis.conf, and the files that it includes. Later lines win. */
export function readConfigFile(path: string): ConfigFile {
  const options = new Map<OptionName, FileOption>();
  /** Names that are not options, and what is wrong with each. */
  const unknown = new Map<string, string>();
  const content = new FileLines(({ name: written, values, file, line }) => {
    const name = optionNamed(written);
    if (name === undefined) {
      // Looking for a similar name takes long. What is wrong with later lines is not listed.
      const reason = unknown.get(written) ?? (unknown.size < MOST_SHOWN ? unknownOption(written) : 'not an option');
      unknown.set(written, reason);
      return reason;
    }
    try {
      options.set(name, { value: parseLine(name, values, options.get(name)?.value), file, line });
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  });
  content.read(path);
  const { problems } = content;
  const lines = problems.slice(0, MOST_SHOWN).map(({ where, reason }) => `${where}: ${reason}`);
  if (problems.length > MOST_SHOWN) lines.push(`${path}: and ${counted(problems.length - MOST_SHOWN, 'more mistake')}`);
  if (unknown.size >= A_FEW) lines.push(hintForRedisConf(path, unknown, options));
  return { options, problems: lines };
}

/** A line that is not an option may be part of a password, so only what looks like an option is repeated. */
function unknownOption(name: string): string {
  if (!/^[a-z][a-z_-]{0,59}$/.test(name)) return 'this line does not begin with the name of an option';
  const [near] = nearest(name.replaceAll('_', '-'), optionNames);
  return `respite has no option "${name}"${near === undefined ? '' : `; did you mean "${near}"?`}`;
}

function hintForRedisConf(
  path: string,
  unknown: ReadonlyMap<string, string>,
  known: ReadonlyMap<OptionName, FileOption>,
): string {
  const has = known.size === 0 ? 'none of the others' : [...known.keys()].join(', ');
  return `${path} sets ${counted(unknown.size, 'option')} that respite does not have. If it was written for Redis, keep only what respite has: ${has}`;
}

/**
 * Parses an option's values as in a configuration file.
 * @param current The value of an earlier line, of which this one may change only a part.
 * @throws Error whose message contains no credential.
 */
function parseLine(
  name: OptionName,
  values: readonly string[],
  current: Config[OptionName] | undefined,
): Config[OptionName] {
  const kind: Kind<Config[OptionName]> = OPTIONS[name].kind as Kind<Config[OptionName]>;
  if (values.length === 0) throw new Error(`${name} has no value; write "" for an empty one`);
  if (values.length > 1 && !kind.severalWords) {
    throw new Error(`${name} takes one value, but there are ${values.length}: put quotes around a value with spaces`);
  }
  try {
    return parseOption(name, values.join(' '), current);
  } catch (error) {
    const shown = 'hidden' in OPTIONS[name] ? name : shortened(`${name} ${joinWords(values)}`);
    throw new Error(`${shown}: ${(error as Error).message}`);
  }
}

function shortened(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
