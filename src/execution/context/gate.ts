import type { CodedError } from '../../errors.js';

/**
 * Refuses commands that the server cannot run now: while it reads the journal or cannot write it, and while a script
 * that has run for too long pauses. With a store, it refuses commands that work only on sessions in memory.
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
