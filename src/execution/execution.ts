import type { CommandTable } from '../commands/declaration/command-table.js';
import type { SessionStore } from '../store/session-store.js';
import type { Store } from '../store/store.js';
import type { Context } from './context/context.js';
import type { ClientTransaction } from './transaction.js';

/**
 * Everything that running a client's requests needs: what commands may use, and what only dispatch and EXEC may use.
 *
 * Its objects must have no accessors: V8 would then read each of their properties slowly, for each request.
 */
export interface Execution extends Context {
  store: SessionStore;
  /** The same sessions for EXEC, whose commands must not let other clients run in between. */
  readonly storeAtOnce: SessionStore;
  readonly commands: CommandTable;
  /** The same as the client's, which shows commands only a part of it. */
  readonly transaction: ClientTransaction;
  /** Transactions of a store that answers later; undefined if the sessions are in this process. */
  readonly transactions: Transactions | undefined;
}

export type Transactions = Pick<Store, 'watch' | 'begin'>;
