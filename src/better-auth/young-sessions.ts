/** How long after its creation a session can be stored for the first time, in ms. */
const YOUNG_MS = 60_000;

/**
 * Distinguishes the first write of a session from later ones, because better-auth writes both in the same way. A later
 * write must not bring back a session that has been revoked meanwhile.
 *
 * better-auth writes a session for the first time right after it has created its token. Before it writes the session
 * again, it has read or written it in the same process. So a session that is older than a minute, or that this process
 * knows, is not new. Only the logins of the last minute are remembered.
 */
export class YoungSessions {
  readonly #now: () => number;
  /** Tokens, and until when they are remembered, in Unix ms. */
  readonly #known = new Map<string, number>();

  /** @param now Returns the Unix time in ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Notes that a session has been read or written. @param createdAt In Unix ms. */
  note(token: string, createdAt: number): void {
    const now = this.#now();
    for (const [old, end] of this.#known) {
      if (end > now) break;
      this.#known.delete(old);
    }
    if (createdAt + YOUNG_MS > now) this.#known.set(token, createdAt + YOUNG_MS);
  }

  /** Returns whether a write of a session that does not exist can be its first. @param createdAt In Unix ms. */
  isNew(token: string, createdAt: number): boolean {
    return createdAt + YOUNG_MS > this.#now() && !this.#known.has(token);
  }
}
