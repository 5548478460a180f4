import type { SessionFields } from '../field-changes.js';

/** What is known about the session behind an object that an application sees as `req.session`. */
export class TrackedSession {
  readonly token: string;
  /** The session's name on the server. */
  name: string;
  /** What was last loaded or stored. `none`: not created yet. `unknown`: it may exist or have ended. */
  stored: SessionFields | 'none' | 'unknown';
  #writing: Promise<unknown> | undefined;

  constructor(token: string, name: string, stored: SessionFields | 'none' | 'unknown') {
    this.token = token;
    this.name = name;
    this.stored = stored;
  }

  /** The session's data, if known. */
  get fields(): SessionFields | undefined {
    return typeof this.stored === 'string' ? undefined : this.stored;
  }

  /**
   * Runs a write after all earlier writes have ended, because what to write depends on what they stored. If no write is
   * under way, runs it immediately, so it is sent before anything the caller does next.
   */
  inTurn<T>(write: () => Promise<T>): Promise<T> {
    const writing = this.#writing === undefined ? write() : this.#writing.then(write, write);
    this.#writing = writing;
    const end = () => {
      if (this.#writing === writing) this.#writing = undefined;
    };
    writing.then(end, end);
    return writing;
  }
}
