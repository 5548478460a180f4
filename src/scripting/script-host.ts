import type { ReplyEncoder } from '../resp/reply-encoder.js';
import type { Request } from '../resp/request.js';

/** What a script that has run for a while shall do: go on, let other clients be served, or end with an error. */
export type Verdict = 'continue' | 'pause' | 'stop';

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
   * Called from time to time while a script runs.
   * @param mayPause Whether the script can stop here and go on later.
   */
  judge(mayPause: boolean): Verdict;
  /** Whether the latest command of the script has ended so late that `judge` should be asked now. */
  readonly isOverdue: boolean;
  /** Why the script was told to stop. */
  readonly stopReason: string;
}
