import { type Config, withChanges } from '../config.js';

/** The options' values as they are now: CONFIG SET changes some of them while the server runs. */
export class Settings {
  #config: Config;
  readonly #onChange: () => void;

  /** @param onChange Called after a change, for what must be told. */
  constructor(config: Config, onChange: () => void) {
    this.#config = config;
    this.#onChange = onChange;
  }

  /** To be asked each time: the values do not change, but are replaced. */
  get now(): Config {
    return this.#config;
  }

  /** Changes options, all or none. @throws OptionError for the first that may not be changed so. */
  set(given: readonly (readonly [name: string, value: string])[]): void {
    this.#config = withChanges(this.#config, given);
    this.#onChange();
  }
}
