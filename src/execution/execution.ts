import type { CommandTable } from '../commands/declaration/command-table.js';
import type { Context } from './context/context.js';
import type { ClientTransaction } from './transaction.js';

/** What it takes to run the requests of one client: what commands may reach, and what only dispatch and EXEC may. */
export interface Execution extends Context {
  readonly commands: CommandTable;
  /** The client's, of which commands see less. */
  readonly transaction: ClientTransaction;
}
