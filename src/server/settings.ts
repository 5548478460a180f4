import { CommandError } from '../commands/command-error.js';
import { redacted } from '../commands/redact.js';
import { type Config, OptionError, visibleOptions, withChanges } from '../config.js';

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

  /** Names and values as CONFIG GET shows them. */
  visible(): [name: string, value: string][] {
    return visibleOptions(this.#config);
  }

  /** Changes options, all or none. @throws CommandError, in Redis' words, with the option that may not be changed so. */
  set(given: readonly (readonly [name: string, value: string])[]): void {
    try {
      this.#config = withChanges(this.#config, given);
    } catch (error) {
      throw error instanceof OptionError ? refusal(error) : error;
    }
    this.#onChange();
  }
}

function refusal({ option, reason }: OptionError): CommandError {
  return new CommandError(
    reason === undefined
      ? `ERR Unknown option or number of arguments for CONFIG SET - '${redacted(Buffer.from(option))}'`
      : `ERR CONFIG SET failed (possibly related to argument '${option}') - ${reason}`,
  );
}
