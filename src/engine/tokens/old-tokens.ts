import { MAX_OLD_TOKENS } from '../session.js';
import { Flag, NONE, type SlotTable } from '../tables/slot-table.js';
import type { Deadlines } from '../time/deadlines.js';
import type { TokenIndex } from './token-index.js';

/**
 * The old tokens of sessions that were given a new token with GRACE. Each takes a slot, which has the token and the
 * deadline of its grace period, and leads to the session's slot. The old tokens of a session form a chain that starts
 * at the session.
 */
export class OldTokens {
  readonly #slots: SlotTable;
  readonly #tokens: TokenIndex;
  readonly #deadlines: Deadlines;
  #count = 0;

  constructor(slots: SlotTable, tokens: TokenIndex, deadlines: Deadlines) {
    this.#slots = slots;
    this.#tokens = tokens;
    this.#deadlines = deadlines;
  }

  /** The number of old tokens of all sessions. */
  get count(): number {
    return this.#count;
  }

  /**
   * Makes a token that is not in use lead to a session until `deadline` (ms). If the session already has the maximum
   * number of old tokens, the one with the earliest deadline is removed.
   */
  add(session: number, words: Uint32Array, deadline: number): void {
    const slots = this.#slots;
    this.#makeRoom(session);
    const old = slots.allocate(Flag.OldToken);
    this.#count++;
    slots.setToken(old, words);
    slots.setOwner(old, session);
    const next = slots.chain(session);
    slots.setChain(old, next);
    if (next !== NONE) slots.setOlder(next, old);
    slots.setChain(session, old);
    slots.setOlder(old, session);
    this.#tokens.add(old);
    this.#deadlines.set(old, deadline);
  }

  #makeRoom(session: number): void {
    let count = 0;
    let first = NONE;
    this.forEach(session, (old) => {
      count++;
      if (first === NONE || this.#deadlines.deadline(old) < this.#deadlines.deadline(first)) first = old;
    });
    if (count >= MAX_OLD_TOKENS) this.remove(first);
  }

  remove(old: number): void {
    const slots = this.#slots;
    const next = slots.chain(old);
    slots.setChain(slots.older(old), next);
    if (next !== NONE) slots.setOlder(next, slots.older(old));
    this.#release(old);
  }

  /** Visits the old tokens of a session, the latest first. */
  forEach(session: number, visit: (old: number) => void): void {
    for (let old = this.#slots.chain(session); old !== NONE; old = this.#slots.chain(old)) visit(old);
  }

  /** Removes every old token of a session. */
  removeAll(session: number): void {
    const slots = this.#slots;
    for (let old = slots.chain(session); old !== NONE; ) {
      const next = slots.chain(old);
      this.#release(old);
      old = next;
    }
    slots.setChain(session, NONE);
  }

  #release(old: number): void {
    this.#deadlines.cancel(old);
    this.#tokens.remove(old);
    this.#slots.release(old);
    this.#count--;
  }
}
