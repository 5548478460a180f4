import { keyName } from '../commands/arguments/arguments.js';
import type { CommandEntry } from '../commands/declaration/command-entry.js';
import type { SessionEngine } from '../engine/index.js';
import { TRANSACTION_TOO_LARGE } from '../errors.js';
import type { Request } from '../resp/request.js';
import type { Slice } from '../slice.js';
import type { Store, Watched } from '../store/store.js';
import type { AbsentNames } from './absent-names.js';
import { CommandQueue } from './command-queue.js';
import type { Transaction } from './context/transaction.js';
import { growthOfAll } from './growth.js';
import { WatchedSessions } from './watched-sessions.js';

/** About how many bytes a store notes of a watched session, besides the token itself. */
const PER_NOTED = 350;

/** A client's transaction: the commands between MULTI and EXEC, and the sessions that must not change before. */
export class ClientTransaction implements Transaction {
  executing = false;

  #open = false;
  #failed = false;
  #queue = new CommandQueue();
  readonly #watched: WatchedSessions;
  readonly #store: Pick<Store, 'watch'> | undefined;
  /** What the store has noted of the watched sessions. */
  #noted: Watched[] = [];
  /** Bytes of what it has noted. */
  #notedBytes = 0;

  /** @param store Where the sessions are, if they are not in this process. */
  constructor(absentNames: AbsentNames, store?: Pick<Store, 'watch'>) {
    this.#watched = new WatchedSessions(absentNames);
    this.#store = store;
  }

  get open(): boolean {
    return this.#open;
  }

  get length(): number {
    return this.#open ? this.#queue.length : -1;
  }

  get watching(): number {
    return this.#watched.size + this.#noted.length;
  }

  /** Its memory, in bytes. */
  get bytes(): number {
    return this.#queue.bytes + this.#watched.bytes + this.#notedBytes;
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

  /** The commands that are queued. */
  get queued(): readonly CommandEntry[] {
    return this.#queue.entries;
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

  watch(engine: SessionEngine, database: number, given: readonly Slice[], maxBytes: number): void | Promise<void> {
    if (this.#store !== undefined) return this.#note(this.#store, given, maxBytes);
    for (const each of given) {
      if (!this.#watched.add(engine, each, keyName({ database }, each), maxBytes - this.bytes))
        throw TRANSACTION_TOO_LARGE;
    }
  }

  async #note(store: Pick<Store, 'watch'>, given: readonly Slice[], maxBytes: number): Promise<void> {
    const bytes = given.reduce((sum, { length }) => sum + PER_NOTED + length, 0);
    if (this.bytes + bytes > maxBytes) throw TRANSACTION_TOO_LARGE;
    this.#noted = this.#noted.concat(await Promise.all(given.map((each) => store.watch(each))));
    this.#notedBytes += bytes;
  }

  unwatch(): void {
    this.#watched.clear();
    this.#noted = [];
    this.#notedBytes = 0;
  }

  /** What a store has noted of the watched sessions. */
  get noted(): readonly Watched[] {
    return this.#noted;
  }

  /** Returns the most bytes of memory that the queued commands may add. The first ones run in this database. */
  growth(engine: SessionEngine, database: number): number {
    return growthOfAll(engine, database, this.#queue);
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
