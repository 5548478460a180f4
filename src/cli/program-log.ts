import { type Config, ConfigError } from '../config.js';
import { LineLog } from '../log/line-log.js';
import type { EventLog } from '../log/log-events.js';
import { LOG_FORMATS } from '../log/log-format.js';
import { FileOutput, StreamOutput, standardError } from '../log/log-output.js';
import { reasonOf } from '../system-error.js';
import { LoadingBar, type LoadingDisplay, loadingLines } from './loading.js';

/** The log of the program: lines of text on standard error, until `configure` says otherwise. */
export class ProgramLog extends LineLog {
  /** The bar that shows how far the journal is loaded, on a terminal. */
  readonly #bar = process.stderr.isTTY ? new LoadingBar(process.stderr) : undefined;
  #file: FileOutput | undefined;
  #path = '';

  constructor() {
    super(standardError());
    // Lines must not be written into the bar.
    if (this.#bar !== undefined) this.output = new StreamOutput(this.#bar);
  }

  /** @throws ConfigError if the file cannot be opened. */
  configure({ logfile, 'log-format': format }: Config): void {
    this.format = LOG_FORMATS[format];
    if (logfile === '') return;
    try {
      this.#file = new FileOutput(logfile);
    } catch (error) {
      throw new ConfigError(`logfile: cannot write ${logfile}: ${reasonOf(error)}`);
    }
    this.#path = logfile;
    this.output = this.#file;
  }

  /** Whether it is written to a file. */
  get hasFile(): boolean {
    return this.#file !== undefined;
  }

  /** Opens the file again after it was renamed. If that fails, the log goes on in the renamed file, and says so. */
  reopen(): void {
    try {
      this.#file?.reopen();
    } catch (error) {
      const reason = reasonOf(error);
      const fields = { event: 'logfile', path: this.#path, reason };
      this.warning(`cannot reopen ${this.#path}, so the log goes on in the old file: ${reason}`, fields);
    }
  }

  /** Returns what shows how far the journal is loaded: a bar, or lines in the given log. */
  loadingDisplay(log: EventLog): LoadingDisplay {
    return this.#bar ?? loadingLines(log);
  }
}
