import type { SessionEngine } from '../../engine/index.js';
import type { Slice } from '../../slice.js';

/** The part of a client's transaction that commands may use. */
export interface Transaction {
  /** Whether MULTI has been called, so that commands are queued for EXEC. */
  readonly open: boolean;
  /** Whether its commands are running. No other client may be served between them. */
  readonly executing: boolean;
  /** The number of queued commands; -1 outside of a transaction. */
  readonly length: number;
  /** The number of watched tokens, names and keys. */
  readonly watching: number;
  begin(): void;
  /** Ends it: drops the queued commands and stops watching. */
  end(): void;
  /**
   * Watches the sessions of tokens, `@name`s or keys of a database, which need not exist.
   * @returns A promise if the store has to ask elsewhere.
   * @throws CodedError if the transaction would take more than `maxBytes`.
   */
  watch(engine: SessionEngine, database: number, given: readonly Slice[], maxBytes: number): void | Promise<void>;
  unwatch(): void;
}
