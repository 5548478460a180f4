import type { CodedError } from '../../errors.js';

/**
 * Keeps out commands that the server cannot run at present, or never can because of how it keeps sessions. There is none
 * if sessions are only in memory: then every command can run.
 */
export interface Gate {
  /** Returns why a command cannot run now, whatever its arguments; undefined if it can. */
  refusalOf(command: GatedCommand): CodedError | undefined;
}

/** What a gate knows of a command. */
export interface GatedCommand {
  /** Whether it changes sessions. */
  readonly writes: boolean;
  /** Whether it may be called while the journal is being read. */
  readonly whileLoading: boolean;
  /** Whether it may be called while a script has run for too long. */
  readonly whileBusy: boolean;
  /** Why it works only on sessions in memory, and what to use instead; undefined if it works on any store. */
  readonly onlyInMemory: CodedError | undefined;
}
