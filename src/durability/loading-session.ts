import { type Session, type SessionEngine, SessionError, STRING_KEY, type UnseenSession } from '../engine/index.js';
import { JournalError } from '../journal/index.js';
import type { Slice } from '../slice.js';
import type { Prepared, Recorder } from './recorder.js';
import type { PieceTarget, SavedHead } from './saved-sessions.js';

/** What loading a session in pieces needs. */
interface LoadingOptions {
  readonly engine: SessionEngine;
  /** Records the session in the journal, if there is one. */
  readonly recorder: Recorder | undefined;
  /** Called before each piece. Throws if there is no room for it. */
  readonly check: () => void;
  /**
   * `onCreated` is called with the session's number of keys when the session is created, `onSkipped` if it already
   * exists.
   */
  readonly onCreated: (keys: number) => void;
  readonly onSkipped: () => void;
  /** Called when loading ends, successfully or not. */
  readonly onEnd: () => void;
}

/** A session that is loaded piece by piece. Until it is complete, no client can see it, and a restart drops it. */
export class LoadingSession implements PieceTarget {
  readonly #options: LoadingOptions;
  readonly #unseen: UnseenSession;
  readonly #prepared: Prepared | undefined;
  #isOver = false;

  constructor(options: LoadingOptions) {
    this.#options = options;
    this.#unseen = options.engine.prepare();
    this.#prepared = options.recorder?.prepare(this.#unseen.slot);
  }

  set(key: Slice, value: Slice): void {
    this.#options.check();
    this.#unseen.set(key, value);
    this.#prepared?.records.appendSet(this.#prepared.token, key, value);
  }

  setKeyDeadline(key: Slice, deadline: number): void {
    this.#options.check();
    this.#unseen.setKeyDeadline(key, deadline);
    this.#prepared?.setKeyDeadline(key, deadline);
  }

  setScore(member: Slice, value: Slice): void {
    this.set(member, value);
    // Putting all members in order at the end would make others wait.
    this.#unseen.keepOrder();
  }

  write(key: Slice, offset: number, bytes: Slice, lengthBefore: number): void {
    this.#options.check();
    this.#unseen.write(key, offset, bytes, lengthBefore);
    this.#prepared?.records.append('WRITE', { token: this.#prepared.token, key, offset, lengthBefore, bytes });
  }

  delete(key: Slice): void {
    this.#unseen.delete(key);
    this.#prepared?.records.append('DEL', { token: this.#prepared.token }, [key]);
  }

  clear(): void {
    this.#unseen.clear();
    this.#prepared?.records.append('CLEAR', { token: this.#prepared.token });
  }

  complete({ name, settings }: SavedHead): void {
    const { engine, check, onCreated, onSkipped } = this.#options;
    const unseen = this.#unseen;
    const { keys } = unseen;
    try {
      check();
      if (settings.kind === 'string' && (keys !== 1 || !unseen.has(STRING_KEY))) {
        throw new JournalError('a string in the data set has keys, or no value');
      }
      if (settings.kind === 'zset' && !unseen.keepOrder()) {
        throw new JournalError('a sorted set in the data set has a value that is not a score');
      }
      engine.create(name, settings, unseen);
      this.#end();
      onCreated(keys);
    } catch (error) {
      this.drop();
      if (!(error instanceof SessionError) || error.code !== 'SESSIONEXISTS') throw error;
      onSkipped();
    }
  }

  drop(): void {
    if (this.#isOver) return;
    const { recorder } = this.#options;
    if (!this.#unseen.isOver) recorder?.discard(this.#unseen.slot);
    this.#unseen.discard();
    this.#end();
  }

  #end(): void {
    this.#isOver = true;
    this.#options.onEnd();
  }
}

/** Discards the pieces of a session that already exists. */
export class SkippedSession implements PieceTarget {
  readonly #onSkipped: () => void;

  constructor(onSkipped: () => void = () => {}) {
    this.#onSkipped = onSkipped;
  }

  set(): void {}
  setKeyDeadline(): void {}
  setScore(): void {}
  write(): void {}
  delete(): void {}
  clear(): void {}
  drop(): void {}

  complete(): void {
    this.#onSkipped();
  }
}

/**
 * Returns whether a saved session exists already: a session with its token or, if it is shared, a shared session with
 * its name.
 */
export function exists(engine: SessionEngine, { name, settings }: Pick<SavedHead, 'name' | 'settings'>): boolean {
  const session: Session = settings.token === undefined ? engine.findShared(name) : engine.find(settings.token);
  return session >= 0;
}
