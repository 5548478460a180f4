import { type Config, withChanges } from '../config.js';

/** The current values of the options. CONFIG SET changes some of them while the server runs. */
export class Settings {
  #config: Config;
  readonly #onChange: () => void;

  /** @param onChange Called after a change. */
  constructor(config: Config, onChange: () => void) {
    this.#config = config;
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
}
