import { type Config, type OptionName, optionNames, optionWords, withChanges } from '../config.js';
import { isSame, type MergedConfig, mergeConfig } from './merge-config.js';

/** The current values of the options. CONFIG SET and a reload change some of them while the server runs. */
export class Settings {
  #config: Config;
  /** What the sources of the options said when they were last read. */
  #given: Config;
  readonly #onChange: () => void;

  /** @param onChange Called after a change. */
  constructor(config: Config, onChange: () => void) {
    this.#config = config;
    this.#given = config;
    this.#onChange = onChange;
  }

  /** Read this each time: a change replaces the object and does not modify it. */
  get now(): Config {
    return this.#config;
  }

  /**
   * Changes options, all or none.
   * @throws OptionError for the first one that cannot be changed in this way.
   */
  set(given: readonly (readonly [name: string, value: string])[]): void {
    this.#config = withChanges(this.#config, given);
    this.#onChange();
  }

  /**
   * Returns what would change if the sources now say `next`. `accept` then changes it.
   * @throws ConfigError if the result is not valid.
   */
  merge(next: Config): MergedConfig {
    return mergeConfig(this.#config, this.#given, next);
  }

  accept({ config, given }: MergedConfig): void {
    this.#config = config;
    this.#given = given;
    this.#onChange();
  }

  /** The options that CONFIG SET has changed, each with the words of its value as in a configuration file. */
  get changedBySet(): Map<OptionName, readonly string[]> {
    const names = optionNames.filter((name) => !isSame(name, this.#config, this.#given));
    return new Map(names.map((name) => [name, optionWords(name, this.#config[name])]));
  }

  /** Call this when the configuration file has the values that these options have in `config`. */
  saved(names: readonly OptionName[], config: Config): void {
    this.#given = { ...this.#given, ...Object.fromEntries(names.map((name) => [name, config[name]])) };
  }
}
