import type { CommandEntry } from '../commands/declaration/command-entry.js';
import type { SessionEngine } from '../engine/index.js';
import { TRANSACTION_TOO_LARGE } from '../errors.js';
import type { Request } from '../resp/request.js';
import type { Slice } from '../slice.js';
import type { AbsentNames } from './absent-names.js';
import { CommandQueue } from './command-queue.js';
import type { Transaction } from './context/transaction.js';
import { growthOfAll } from './growth.js';
import { WatchedSessions } from './watched-sessions.js';

/** A client's transaction: the commands between MULTI and EXEC, and the sessions that must not change before. */
export class ClientTransaction implements Transaction {
  executing = false;

  #open = false;
  #failed = false;
  #queue = new CommandQueue();
  readonly #watched: WatchedSessions;

  constructor(absentNames: AbsentNames) {
    this.#watched = new WatchedSessions(absentNames);
  }

  get open(): boolean {
    return this.#open;
  }

  get length(): number {
    return this.#open ? this.#queue.length : -1;
  }

  get watching(): number {
    return this.#watched.size;
  }

  /** Its memory, in bytes. */
  get bytes(): number {
    return this.#queue.bytes + this.#watched.bytes;
  }

  begin(): void {
    this.#open = true;
  }

  /** Notes that a command was refused: EXEC will then discard the transaction. */
  fail(): void {
    if (!this.#open) return;
    this.#failed = true;
    this.#queue = new CommandQueue();
  }

  get failed(): boolean {
    return this.#failed;
  }

  /**
   * Queues a command and a copy of its request.
   * @throws CodedError if the transaction would take more than `maxBytes`.
   */
  add(entry: CommandEntry, request: Request, maxBytes: number): void {
    // After a failure EXEC runs nothing.
    if (this.#failed) return;
    if (!this.#queue.add(entry, request, maxBytes - this.bytes)) throw TRANSACTION_TOO_LARGE;
  }

  watch(engine: SessionEngine, given: Slice, maxBytes: number): void {
    if (!this.#watched.add(engine, given, maxBytes - this.bytes)) throw TRANSACTION_TOO_LARGE;
  }

  unwatch(): void {
    this.#watched.clear();
  }

  /** Returns the most bytes of memory that the queued commands may add. */
  growth(engine: SessionEngine): number {
    return growthOfAll(engine, this.#queue);
  }

  /** Returns whether every watched session is unchanged. */
  isUnchanged(engine: SessionEngine): boolean {
    return this.#watched.isUnchanged(engine);
  }

  /** Ends the transaction. Returns the queued commands. */
  end(): CommandQueue {
    const queue = this.#queue;
    this.#open = false;
    this.#failed = false;
    this.#queue = new CommandQueue();
    this.unwatch();
    return queue;
  }
}
