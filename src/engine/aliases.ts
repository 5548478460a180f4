import type { Deadlines } from './deadlines.js';
import { Flag, NONE, type SlotTable } from './slot-table.js';
import { TOKEN_WORDS } from './token.js';
import type { TokenIndex } from './token-index.js';

/**
 * The old tokens of sessions that were given a new one with GRACE. An alias is a slot of its own, with the
 * old token and the deadline of its grace, that leads to the session's slot; the aliases of a session form
 * a chain that starts in the session.
 */
export class Aliases {
  readonly #slots: SlotTable;
  readonly #tokens: TokenIndex;
  readonly #deadlines: Deadlines;

  constructor(slots: SlotTable, tokens: TokenIndex, deadlines: Deadlines) {
    this.#slots = slots;
    this.#tokens = tokens;
    this.#deadlines = deadlines;
  }

  /** Keeps the session's present token, which is not in the index any more, good until `deadline` (ms). */
  add(session: number, deadline: number): void {
    const slots = this.#slots;
    const alias = slots.allocate(Flag.Alias);
    slots.token.copyWithin(alias * TOKEN_WORDS, session * TOKEN_WORDS, (session + 1) * TOKEN_WORDS);
    slots.setOwner(alias, session);
    const next = slots.chain(session);
    slots.setChain(alias, next);
    if (next !== NONE) slots.setOlder(next, alias);
    slots.setChain(session, alias);
    slots.setOlder(alias, session);
    this.#tokens.add(alias);
    this.#deadlines.set(alias, deadline);
  }

  remove(alias: number): void {
    const slots = this.#slots;
    const next = slots.chain(alias);
    slots.setChain(slots.older(alias), next);
    if (next !== NONE) slots.setOlder(next, slots.older(alias));
    this.#release(alias);
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
  }
}
