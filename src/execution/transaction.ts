import { findSession } from '../commands/arguments/arguments.js';
import type { CommandEntry } from '../commands/declaration/command-entry.js';
import { NO_SESSION, nameIn, type Session, type SessionEngine } from '../engine/index.js';
import { CodedError } from '../errors.js';
import type { Request } from '../resp/request.js';
import { Slice } from '../slice.js';
import type { AbsentNames } from './absent-names.js';
import { CommandQueue } from './command-queue.js';
import { growthOfAll } from './growth.js';

/** What each of WATCH's arguments takes besides its bytes, about. */
const PER_WATCHED = 350;
/** And for each name of which there is no session. */
const PER_ABSENT = 350;

interface Watched {
  /** Token, `@name` or key, as it was given. */
  readonly given: Slice;
  readonly states: readonly WatchedState[];
}

/** A session as it was, or NO_SESSION. */
interface WatchedState {
  readonly session: Session;
  readonly version: number;
}

/** A client's transaction: the commands between MULTI and EXEC, and the sessions that must not change before. */
export class Transaction {
  /** Its commands are being run: nothing of others may come between them. */
  executing = false;

  #open = false;
  #failed = false;
  #queue = new CommandQueue();
  #watched: Watched[] = [];
  #disturbed = false;
  readonly #absentNames: AbsentNames;
  /** Names that are watched, of which there was no session. */
  readonly #absent = new Set<string>();
  #watchedBytes = 0;

  /** @param absentNames Where it is told of names that had no session when they were watched. */
  constructor(absentNames: AbsentNames) {
    this.#absentNames = absentNames;
  }

  /** Whether MULTI has been called, and commands wait for EXEC. */
  get open(): boolean {
    return this.#open;
  }

  /** How many commands wait; -1 outside of a transaction. */
  get length(): number {
    return this.#open ? this.#queue.length : -1;
  }

  /** How many sessions are watched. */
  get watching(): number {
    return this.#watched.length;
  }

  /** Bytes of memory that it takes. */
  get bytes(): number {
    return this.#queue.bytes + this.#watchedBytes;
  }

  begin(): void {
    this.#open = true;
  }

  /** A command was refused: the transaction can only be discarded. */
  fail(): void {
    if (!this.#open) return;
    this.#failed = true;
    this.#queue = new CommandQueue();
  }

  get failed(): boolean {
    return this.#failed;
  }

  /** Lets a command wait. Its bytes are copied. @throws CodedError if that would be too much. */
  add(entry: CommandEntry, request: Request, maxBytes: number): void {
    // After a failure nothing of it will run: EXEC only says so.
    if (this.#failed) return;
    if (!this.#queue.add(entry, request, maxBytes - this.bytes)) throw TOO_LARGE;
  }

  /** Watches the session of a token, `@name` or key, or that there is none. @throws CodedError if that would be too much. */
  watch(engine: SessionEngine, given: Slice, maxBytes: number): void {
    const states = statesOf(engine, given);
    const isThere = states.some(({ session }) => session !== NO_SESSION);
    const absent = isThere ? [] : [given, nameIn(given)].flatMap((name) => name?.latin1() ?? []);
    const bytes = PER_WATCHED + given.length + absent.length * (PER_ABSENT + given.length);
    if (this.bytes + bytes > maxBytes) throw TOO_LARGE;
    this.#watchedBytes += bytes;
    this.#watched.push({ given: Slice.of(given.copy()), states });
    for (const name of absent) {
      this.#absent.add(name);
      this.#absentNames.watch(name, this);
    }
  }

  /** What was watched has changed. */
  disturb(): void {
    this.#disturbed = true;
  }

  unwatch(): void {
    this.#watched = [];
    this.#watchedBytes = 0;
    this.#disturbed = false;
    for (const name of this.#absent) this.#absentNames.unwatch(name, this);
    this.#absent.clear();
  }

  /** How many bytes of memory the commands that wait may add at most. */
  growth(engine: SessionEngine): number {
    return growthOfAll(engine, this.#queue);
  }

  /** Whether every watched session is as it was. */
  isUndisturbed(engine: SessionEngine): boolean {
    if (this.#disturbed) return false;
    return this.#watched.every(({ given, states }) =>
      statesOf(engine, given).every((now, i) => now.session === states[i].session && now.version === states[i].version),
    );
  }

  /** Ends the transaction. Returns the commands that were waiting. */
  end(): CommandQueue {
    const queue = this.#queue;
    this.#open = false;
    this.#failed = false;
    this.#queue = new CommandQueue();
    this.unwatch();
    return queue;
  }
}

const TOO_LARGE = new CodedError('ERR', 'the transaction is too large (client-query-buffer-limit)');

/** What is given may be a token or `@name`, and it may be a key: both are watched. */
function statesOf(engine: SessionEngine, given: Slice): WatchedState[] {
  return [findSession(engine, given), engine.findShared(given)].map((session) => ({
    session,
    version: session === NO_SESSION ? 0 : engine.version(session),
  }));
}
