import { findSession } from '../commands/arguments/arguments.js';
import { NO_SESSION, type Session, type SessionEngine } from '../engine/index.js';
import { nameIn } from '../engine/names/address.js';
import { Slice } from '../slice.js';
import type { AbsentNames } from './absent-names.js';

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

/** The sessions that must not change before a client's EXEC. */
export class WatchedSessions {
  #watched: Watched[] = [];
  #disturbed = false;
  readonly #absentNames: AbsentNames;
  /** Names that are watched, of which there was no session. */
  readonly #absent = new Set<string>();
  #bytes = 0;

  /** @param absentNames Where it registers names that had no session when they were watched. */
  constructor(absentNames: AbsentNames) {
    this.#absentNames = absentNames;
  }

  /** How many tokens, names and keys are watched. */
  get size(): number {
    return this.#watched.length;
  }

  /** Bytes of memory that it takes. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Watches the session of a token, `@name` or key, or that there is none.
   * @param room Bytes of memory that it may take. Returns false if that is too little.
   */
  add(engine: SessionEngine, given: Slice, room: number): boolean {
    const states = statesOf(engine, given);
    const isThere = states.some(({ session }) => session !== NO_SESSION);
    const absent = isThere ? [] : [given, nameIn(given)].flatMap((name) => name?.latin1() ?? []);
    const bytes = PER_WATCHED + given.length + absent.length * (PER_ABSENT + given.length);
    if (bytes > room) return false;
    this.#bytes += bytes;
    this.#watched.push({ given: Slice.of(given.copy()), states });
    for (const name of absent) {
      this.#absent.add(name);
      this.#absentNames.watch(name, this);
    }
    return true;
  }

  /** What was watched has changed. */
  disturb(): void {
    this.#disturbed = true;
  }

  clear(): void {
    this.#watched = [];
    this.#bytes = 0;
    this.#disturbed = false;
    for (const name of this.#absent) this.#absentNames.unwatch(name, this);
    this.#absent.clear();
  }

  /** Whether every one is as it was. */
  isUndisturbed(engine: SessionEngine): boolean {
    if (this.#disturbed) return false;
    return this.#watched.every(({ given, states }) =>
      statesOf(engine, given).every((now, i) => now.session === states[i].session && now.version === states[i].version),
    );
  }
}

/** What is given may be a token or `@name`, and it may be a key: both are watched. */
function statesOf(engine: SessionEngine, given: Slice): WatchedState[] {
  return [findSession(engine, given), engine.findShared(given)].map((session) => ({
    session,
    version: session === NO_SESSION ? 0 : engine.version(session),
  }));
}
