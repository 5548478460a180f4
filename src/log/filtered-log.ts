import { type GivenLog, LEVELS, type Log, type LogFields, type LogLevel } from './log.js';

/** The log of the server. It leaves out lines below a level, and never throws, even if the given log does. */
export class FilteredLog implements Log {
  readonly #log: GivenLog;
  readonly #level: () => LogLevel;

  /** @param level Returns the lowest level that is logged. It may change. */
  constructor(log: GivenLog, level: () => LogLevel) {
    this.#log = log;
    this.#level = level;
  }

  readonly debug = (message: string, fields?: LogFields): void => this.#write('debug', message, fields);
  readonly verbose = (message: string, fields?: LogFields): void => this.#write('verbose', message, fields);
  readonly notice = (message: string, fields?: LogFields): void => this.#write('notice', message, fields);
  readonly warning = (message: string, fields?: LogFields): void => this.#write('warning', message, fields);

  /** Whether lines of that level are logged. Ask first where building the message takes time. */
  isOn(level: LogLevel): boolean {
    return LEVELS.indexOf(level) >= LEVELS.indexOf(this.#level());
  }

  #write(level: LogLevel, message: string, fields?: LogFields): void {
    if (!this.isOn(level)) return;
    try {
      this.#log[level]?.(message, fields);
    } catch {
      // There is nowhere left to report it.
    }
  }
}
