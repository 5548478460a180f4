import { type KeyName, NO_SESSION, type Session, type SessionEngine } from '../engine/index.js';
import { nameIn } from '../engine/names/address.js';
import { Slice } from '../slice.js';
import { findSession } from '../store/memory/find-session.js';
import type { AbsentNames } from './absent-names.js';

/** About how many bytes each argument of WATCH takes besides the argument itself. */
const PER_WATCHED = 350;
/** About how many bytes the name of a key takes besides the name itself, if it is not the argument. */
const PER_OWN_NAME = 130;
/** About how many bytes each watched name without a session takes besides the name itself. */
const PER_ABSENT = 350;

interface Watched {
  /** A token, `@name` or key, as the client sent it. */
  readonly given: Slice;
  /** The name of the session that it is if it is a key. */
  readonly key: KeyName;
  readonly states: readonly WatchedState[];
}

/** The state of a session, or NO_SESSION, when the watch began. */
interface WatchedState {
  readonly session: Session;
  readonly version: number;
}

/** The sessions that must not change before a client's EXEC. */
export class WatchedSessions {
  #watched: Watched[] = [];
  #changed = false;
  readonly #absentNames: AbsentNames;
  /** Watched names that had no session. */
  readonly #absent = new Set<string>();
  #bytes = 0;

  /** @param absentNames Registers the names that have no session when the watch begins. */
  constructor(absentNames: AbsentNames) {
    this.#absentNames = absentNames;
  }

  /** How many tokens, names and keys are watched. */
  get size(): number {
    return this.#watched.length;
  }

  /** Its memory, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Watches the session of a token, `@name` or key, which need not exist.
   * @param key The name of the session if it is a key: `given` itself, or a copy that never changes.
   * @param room Bytes of memory that it may take. Returns false if that is too little.
   */
  add(engine: SessionEngine, given: Slice, key: KeyName, room: number): boolean {
    const states = statesOf(engine, given, key);
    const isThere = states.some(({ session }) => session !== NO_SESSION);
    const absent = isThere ? [] : [key, nameIn(given)].flatMap((name) => name?.latin1() ?? []);
    const isArgument = key === given;
    const ofName = isArgument ? 0 : PER_OWN_NAME + key.length;
    const bytes = PER_WATCHED + given.length + ofName + absent.length * (PER_ABSENT + key.length);
    if (bytes > room) return false;
    this.#bytes += bytes;
    const copy = Slice.of(given.copy());
    this.#watched.push({ given: copy, key: isArgument ? (copy as KeyName) : key, states });
    for (const name of absent) {
      this.#absent.add(name);
      this.#absentNames.watch(name, this);
    }
    return true;
  }

  /** Called when something watched has changed. */
  markChanged(): void {
    this.#changed = true;
  }

  clear(): void {
    this.#watched = [];
    this.#bytes = 0;
    this.#changed = false;
    for (const name of this.#absent) this.#absentNames.unwatch(name, this);
    this.#absent.clear();
  }

  /** Returns whether everything watched is unchanged. */
  isUnchanged(engine: SessionEngine): boolean {
    if (this.#changed) return false;
    return this.#watched.every(({ given, key, states }) =>
      statesOf(engine, given, key).every(
        (now, i) => now.session === states[i].session && now.version === states[i].version,
      ),
    );
  }
}

/** Returns the states of the session and of the key that an argument may mean: both are watched. */
function statesOf(engine: SessionEngine, given: Slice, key: KeyName): WatchedState[] {
  return [findSession(engine, given), engine.findShared(key)].map((session) => ({
    session,
    version: session === NO_SESSION ? 0 : engine.version(session),
  }));
}
