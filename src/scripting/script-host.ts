import type { ReplyEncoder } from '../resp/reply-encoder.js';
import type { Request } from '../resp/request.js';

/** What happens to a script next: it goes on, pauses so that other clients are served, or ends with an error. */
export type NextStep = 'continue' | 'pause' | 'stop';

/** The levels of `redis.log`, from 0. */
export const LOG_LEVELS = ['debug', 'verbose', 'notice', 'warning'] as const;
export type ScriptLogLevel = (typeof LOG_LEVELS)[number];

/** The server and the client for which a script runs. */
export interface ScriptHost {
  /** Where replies to the script's commands are written. */
  readonly reply: ReplyEncoder;
  /**
   * Runs a command. Its reply is then the only thing in `reply`.
   * @returns Why the command was not run: a text that begins with a code; undefined if it was.
   */
  call(request: Request): string | undefined;
  /** Returns whether the client may run a command; undefined if there is no such command. */
  mayRun(request: Request): boolean | undefined;
  /** @param text With one character per byte. */
  log(level: ScriptLogLevel, text: string): void;
  /**
   * Called at intervals while a script runs. Returns whether it goes on, pauses, or ends with `stopReason`.
   * @param mayPause Whether the script can stop here and go on later.
   */
  nextStep(mayPause: boolean): NextStep;
  /** Whether the latest command of the script has ended so late that `nextStep` should be called now. */
  readonly isOverdue: boolean;
  /** The error of a script that is stopped. */
  readonly stopReason: string;
}
