import type { SessionFields } from './session-fields.js';

/** What is known of the session behind an object that an application sees as `req.session`. */
export class TrackedSession {
  readonly token: string;
  /** Its name in the server. */
  name: string;
  /** What of it was last loaded or stored. `none`: it has yet to be created. `unknown`: it may be there, or have ended. */
  stored: SessionFields | 'none' | 'unknown';
  #writing: Promise<unknown> | undefined;

  constructor(token: string, name: string, stored: SessionFields | 'none' | 'unknown') {
    this.token = token;
    this.name = name;
    this.stored = stored;
  }

  /** Its data, as far as that is known. */
  get fields(): SessionFields | undefined {
    return typeof this.stored === 'string' ? undefined : this.stored;
  }

  /**
   * Writes when the writes before have ended, for what is written depends on what they stored. At once if there are
   * none: so it is sent before whatever the caller does next.
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
