import type { Doomed, Totals } from './ending/doomed.js';
import type { EngineParts } from './engine-parts.js';
import type { UnseenSessions } from './restoring/unseen-sessions.js';

interface LiveTotalsParts extends Pick<EngineParts, 'slots' | 'fields' | 'deadlines' | 'oldTokens'> {
  readonly doomed: Doomed;
  readonly unseen: UnseenSessions;
}

/** Sums over the sessions that callers can see: everything stored, less what is doomed and what is not visible yet. */
export class LiveTotals {
  readonly #parts: LiveTotalsParts;

  constructor(parts: LiveTotalsParts) {
    this.#parts = parts;
  }

  /** The number of sessions. A session that is due counts until its deadline is processed. */
  get sessions(): number {
    const { slots, oldTokens, doomed, unseen } = this.#parts;
    return slots.taken - oldTokens.count - doomed.sessions - unseen.count;
  }

  all(): Totals {
    const { fields, deadlines, doomed } = this.#parts;
    const unseen = this.#parts.unseen.totals();
    return {
      sessions: this.sessions,
      keys: fields.keys - doomed.keys - unseen.keys,
      bytes: fields.bytes - doomed.bytes - unseen.bytes,
      timers: deadlines.pending - doomed.timers,
    };
  }
}
