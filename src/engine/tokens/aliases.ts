import { MAX_OLD_TOKENS } from '../session.js';
import { Flag, NONE, type SlotTable } from '../tables/slot-table.js';
import type { Deadlines } from '../time/deadlines.js';
import type { TokenIndex } from './token-index.js';

/**
 * The old tokens of sessions that were given a new token with GRACE. An alias is a separate slot with the old token and
 * the deadline of its grace period, and leads to the session's slot. The aliases of a session form a chain that starts
 * at the session.
 */
export class Aliases {
  readonly #slots: SlotTable;
  readonly #tokens: TokenIndex;
  readonly #deadlines: Deadlines;
  #count = 0;

  constructor(slots: SlotTable, tokens: TokenIndex, deadlines: Deadlines) {
    this.#slots = slots;
    this.#tokens = tokens;
    this.#deadlines = deadlines;
  }

  /** The number of aliases of all sessions. */
  get count(): number {
    return this.#count;
  }

  /**
   * Makes a token that is not in use lead to a session until `deadline` (ms). If the session already has the maximum
   * number of aliases, the one with the earliest deadline is removed.
   */
  add(session: number, words: Uint32Array, deadline: number): void {
    const slots = this.#slots;
    this.#makeRoom(session);
    const alias = slots.allocate(Flag.Alias);
    this.#count++;
    slots.setToken(alias, words);
    slots.setOwner(alias, session);
    const next = slots.chain(session);
    slots.setChain(alias, next);
    if (next !== NONE) slots.setOlder(next, alias);
    slots.setChain(session, alias);
    slots.setOlder(alias, session);
    this.#tokens.add(alias);
    this.#deadlines.set(alias, deadline);
  }

  #makeRoom(session: number): void {
    let count = 0;
    let first = NONE;
    this.forEach(session, (alias) => {
      count++;
      if (first === NONE || this.#deadlines.deadline(alias) < this.#deadlines.deadline(first)) first = alias;
    });
    if (count >= MAX_OLD_TOKENS) this.remove(first);
  }

  remove(alias: number): void {
    const slots = this.#slots;
    const next = slots.chain(alias);
    slots.setChain(slots.older(alias), next);
    if (next !== NONE) slots.setOlder(next, slots.older(alias));
    this.#release(alias);
  }

  /** Visits the aliases of a session, the latest first. */
  forEach(session: number, visit: (alias: number) => void): void {
    for (let alias = this.#slots.chain(session); alias !== NONE; alias = this.#slots.chain(alias)) visit(alias);
  }

  /** Removes every alias of a session. */
  removeAll(session: number): void {
    const slots = this.#slots;
    for (let alias = slots.chain(session); alias !== NONE; ) {
      const next = slots.chain(alias);
      this.#release(alias);
      alias = next;
    }
    slots.setChain(session, NONE);
  }

  #release(alias: number): void {
    this.#deadlines.cancel(alias);
    this.#tokens.remove(alias);
    this.#slots.release(alias);
    this.#count--;
  }
}
