import { counted } from '../counted.js';
import type { Log, LogFields, LogLevel } from './log.js';
import { LOG_FORMATS, type LogFormat } from './log-format.js';
import { type LogOutput, StreamOutput } from './log-output.js';

/**
 * Writes formatted lines to an output. If the output does not take a line, such as when the disk is full, the line is
 * dropped, and the next one that is written says how many were lost. The server neither waits nor fails for its log.
 */
export class LineLog implements Log {
  /** Change it at any time. */
  output: LogOutput;
  /** Change it at any time. */
  format: LogFormat;
  #lost = 0;
  #reason = '';

  constructor(output: LogOutput, format: LogFormat = LOG_FORMATS.text) {
    this.output = output;
    this.format = format;
  }

  readonly debug = (message: string, fields?: LogFields): void => this.#write('debug', message, fields);
  readonly verbose = (message: string, fields?: LogFields): void => this.#write('verbose', message, fields);
  readonly notice = (message: string, fields?: LogFields): void => this.#write('notice', message, fields);
  readonly warning = (message: string, fields?: LogFields): void => this.#write('warning', message, fields);

  #write(level: LogLevel, message: string, fields: LogFields = {}): void {
    if (this.#lost > 0 && !this.#reportLost()) {
      this.#lost++;
      return;
    }
    const failure = this.output.write(this.format({ time: Date.now(), level, message, fields }));
    if (failure === undefined) return;
    this.#lost++;
    this.#reason = failure;
  }

  /** Returns whether the output works again. */
  #reportLost(): boolean {
    const lost = this.#lost;
    const message = `${counted(lost, 'log line')} could not be written: ${this.#reason}`;
    const fields = { event: 'log-lines-lost', count: lost };
    if (this.output.write(this.format({ time: Date.now(), level: 'warning', message, fields })) !== undefined)
      return false;
    this.#lost = 0;
    return true;
  }
}

/**
 * Returns a log that writes lines to a stream, such as `process.stderr`.
 * @param format `text` for people, `json` for programs: one object a line.
 */
export function streamLog(
  stream: { write(text: string): unknown; readonly writableLength?: number },
  format: keyof typeof LOG_FORMATS = 'text',
): Log {
  return new LineLog(new StreamOutput(stream), LOG_FORMATS[format]);
}
