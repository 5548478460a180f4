import type { Command } from 'commander';
import { type Config, ConfigError, environmentNames, type OptionName, optionNames } from '../config.js';
import { readConfigFile } from '../config-file/config-file.js';
import { rewriteConfigFile } from '../config-file/rewrite.js';
import type { ConfigSource, RewritableFile } from '../server/config-source.js';
import { type Given, parseGiven } from './given-options.js';

/** An option's value, and where it is given: `command line`, `environment RESPITE_PORT` or `/etc/respite.conf:12`. */
export interface Origin {
  readonly value: Config[OptionName];
  readonly from: string;
}

const NO_FILE = { options: new Map<OptionName, never>(), problems: [] };

/**
 * The options that are given to the program. The command line comes before the environment, which comes before the
 * configuration file.
 */
export class ProgramConfig implements ConfigSource {
  readonly file: RewritableFile | undefined;
  readonly #given: ReadonlyMap<OptionName, Given>;

  /** @param path The configuration file, if there is one. */
  constructor(program: Command, path: string | undefined) {
    const given = givenOptions(program);
    this.#given = given;
    this.file =
      path === undefined
        ? undefined
        : {
            path,
            overriddenBy: (name) => given.get(name)?.source,
            rewrite: (changes) => rewriteConfigFile(path, changes),
          };
  }

  /**
   * Returns the options that are given. Those of the file are read again.
   * @throws ConfigError that lists all mistakes, one a line.
   */
  read(): Partial<Config> {
    return Object.fromEntries([...this.origins()].map(([name, { value }]) => [name, value]));
  }

  /** Like `read`, with the origin of each option. */
  origins(): Map<OptionName, Origin> {
    const given = parseGiven(this.#given);
    const file = this.file === undefined ? NO_FILE : readConfigFile(this.file.path);
    const problems = [...given.problems, ...file.problems];
    if (problems.length > 0) throw new ConfigError(problems.join('\n'));
    const origins = new Map<OptionName, Origin>();
    for (const name of optionNames) {
      const written = file.options.get(name);
      if (given.values.has(name)) origins.set(name, { value: given.values.get(name), from: this.#sourceOf(name) });
      else if (written) origins.set(name, { value: written.value, from: `${written.file}:${written.line}` });
    }
    return origins;
  }

  #sourceOf(name: OptionName): string {
    const given = this.#given.get(name);
    return given?.source === 'environment' ? `environment ${given.variable}` : 'command line';
  }
}

/** Returns the options given on the command line or in the environment. */
function givenOptions(program: Command): Map<OptionName, Given> {
  const given = new Map<OptionName, Given>();
  for (const name of optionNames) {
    const value = valueOfFlag(program, name);
    if (value !== undefined) {
      given.set(name, { value, source: 'command line' });
      continue;
    }
    const variable = environmentNames(name).find((each) => process.env[each] !== undefined);
    if (variable !== undefined)
      given.set(name, { value: process.env[variable] ?? '', source: 'environment', variable });
  }
  return given;
}

function valueOfFlag(program: Command, name: OptionName): string | undefined {
  const option = program.options.find((each) => each.long === `--${name}`);
  return option === undefined ? undefined : program.getOptionValue(option.attributeName());
}
