import type { SessionEngine } from '../../engine/index.js';
import type { Slice } from '../../slice.js';

/** A client's transaction, as far as its commands are concerned. */
export interface Transaction {
  /** Whether MULTI has been called, and commands wait for EXEC. */
  readonly open: boolean;
  /** Its commands are being run: nothing of others may come between them. */
  readonly executing: boolean;
  /** How many commands wait; -1 outside of a transaction. */
  readonly length: number;
  /** How many sessions are watched. */
  readonly watching: number;
  begin(): void;
  /** Ends it. The commands that wait are dropped, and nothing is watched any more. */
  end(): void;
  /** Watches the session of a token, `@name` or key, or that there is none. @throws CodedError if it takes more than `maxBytes` then. */
  watch(engine: SessionEngine, given: Slice, maxBytes: number): void;
  unwatch(): void;
}
