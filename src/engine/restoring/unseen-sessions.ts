import type { EngineParts } from '../engine-parts.js';
import type { Session } from '../session.js';
import { UnseenSession } from './unseen-session.js';

/** The sessions that are being assembled and are not visible yet. They have slots and data, but do not count. */
export class UnseenSessions {
  readonly #parts: Pick<EngineParts, 'slots' | 'fields' | 'keyDeadlines'>;
  /** The prepared sessions. Some may have been discarded since. */
  readonly #all = new Set<UnseenSession>();

  constructor(parts: Pick<EngineParts, 'slots' | 'fields' | 'keyDeadlines'>) {
    this.#parts = parts;
  }

  prepare(): UnseenSession {
    for (const unseen of this.#all) if (unseen.isOver) this.#all.delete(unseen);
    const unseen = new UnseenSession(this.#parts);
    this.#all.add(unseen);
    return unseen;
  }

  /** Makes an unseen session visible, with these flags. Returns its slot. */
  reveal(unseen: UnseenSession, flags: number): Session {
    this.#all.delete(unseen);
    return unseen.reveal(flags);
  }

  /** The number of sessions being assembled. */
  get count(): number {
    // Usually there are none, and the engine asks often.
    return this.#all.size === 0 ? 0 : this.totals().sessions;
  }

  /** Returns their number, and the sums of their keys and of the bytes in their keys and values. */
  totals(): { sessions: number; keys: number; bytes: number } {
    const { fields } = this.#parts;
    const totals = { sessions: 0, keys: 0, bytes: 0 };
    for (const { slot, isOver } of this.#all) {
      if (isOver) continue;
      totals.sessions++;
      totals.keys += fields.count(slot);
      totals.bytes += fields.size(slot);
    }
    return totals;
  }
}
