import {
  type Config,
  ConfigError,
  environmentNames,
  OPTIONS,
  type OptionName,
  optionNames,
  parseOption,
} from '../config.js';
import { nearest } from '../nearest.js';

/** The value of an option, and where it was given. */
export type Given =
  | { readonly value: string; readonly source: 'command line' }
  | { readonly value: string; readonly source: 'environment'; readonly variable: string };

/**
 * Parses the options given on the command line and in the environment.
 * @returns The values, and one line for each value that is not allowed. It names the flag or the variable, and contains
 *   no credential.
 */
export function parseGiven(given: ReadonlyMap<OptionName, Given>): {
  values: ReadonlyMap<OptionName, Config[OptionName]>;
  problems: readonly string[];
} {
  const values = new Map<OptionName, Config[OptionName]>();
  const problems: string[] = [];
  for (const [name, each] of given) {
    const { value, source } = each;
    try {
      values.set(name, parseOption(name, value));
    } catch (error) {
      problems.push(
        `${shownGiven(name, each)}: ${(error as Error).message}${source === 'environment' ? hintFor(value) : ''}`,
      );
    }
  }
  return { values, problems };
}

/** Like `parseGiven`. @throws ConfigError that lists all problems, one a line. */
export function readGiven(given: ReadonlyMap<OptionName, Given>): Partial<Config> {
  const { values, problems } = parseGiven(given);
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  return Object.fromEntries(values);
}

function shownGiven(name: OptionName, given: Given): string {
  const [where, separator] = given.source === 'command line' ? [`--${name}`, ' '] : [given.variable, '='];
  return 'hidden' in OPTIONS[name] ? where : `${where}${separator}${quoted(given.value)}`;
}

/** Returns a value as written in a shell, shortened if it is long. */
function quoted(value: string): string {
  const text = value.length > 80 ? `${value.slice(0, 80)}…` : value;
  return /^[\w%+,./:@-]+$/.test(text) ? text : `'${text}'`;
}

/**
 * Explains a value that comes from Kubernetes. It sets variables for each service in other containers: RESPITE_PORT for
 * a service named "respite".
 */
function hintFor(value: string): string {
  return value.startsWith('tcp://')
    ? '; Kubernetes sets this variable for a service named "respite": rename the service, or set enableServiceLinks: false in the pod'
    : '';
}

/** The prefix of all variables. */
const PREFIX = 'RESPITE_';
/** The other variables that Kubernetes sets for a service named "respite". */
const OF_KUBERNETES = /^RESPITE_(?:SERVICE_(?:HOST|PORT)|PORT_\d+_(?:TCP|UDP|SCTP))/;

/**
 * Returns a warning for each variable that looks like one of respite's but is not. It names the variable, and the one
 * that was probably meant.
 */
export function unknownVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  const known = optionNames.flatMap(environmentNames);
  const withoutPrefix = known.map((name) => name.slice(PREFIX.length));
  return Object.keys(environment)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name) && !OF_KUBERNETES.test(name))
    .map((name) => {
      const [near] = nearest(name.slice(PREFIX.length), withoutPrefix);
      const what = near === undefined ? 'respite --help lists the options' : `did you mean ${PREFIX}${near}?`;
      return `the environment variable ${name} is ignored, because respite has no such option: ${what}`;
    });
}
