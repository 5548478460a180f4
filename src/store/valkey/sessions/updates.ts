import { CodedError } from '../../../errors.js';
import { Slice } from '../../../slice.js';
import type { SessionFields } from '../../session-store.js';
import { isOne, sliceOf } from '../library/replies.js';
import { use } from './fields.js';
import type { SessionCalls } from './session-calls.js';

/** How often a change is tried. Each try that fails is one that has succeeded for another process. */
const MOST_TRIES = 50;

const CHANGING = new CodedError('TRYAGAIN', 'others keep changing this value. Nothing was written');

/**
 * Changes values by code that runs here: reads a value, computes the new one, and writes it if the value is still the
 * same. Otherwise it starts again. Changes of this process to one value wait for each other, so only those of other
 * processes can be in the way.
 */
export class Updates {
  readonly #calls: SessionCalls;
  /** The last change to each value that is being changed, by token and key. */
  readonly #last = new Map<string, Promise<void>>();

  constructor(calls: SessionCalls) {
    this.#calls = calls;
  }

  /** See `SessionFields`. */
  update(...[token, key, change, isUse]: Parameters<SessionFields['update']>): Promise<void> {
    // Both must stay valid while it waits.
    const [ownToken, ownKey] = [Slice.of(token.copy()), Slice.of(key.copy())];
    const name = `${ownToken.latin1()}\n${ownKey.latin1()}`;
    const run = () => this.#try(ownToken, ownKey, change, isUse);
    const before = this.#last.get(name);
    const updating = before === undefined ? run() : before.then(run, run);
    this.#last.set(name, updating);
    const end = () => {
      if (this.#last.get(name) === updating) this.#last.delete(name);
    };
    updating.then(end, end);
    return updating;
  }

  async #try(...[token, key, change, isUse]: Parameters<SessionFields['update']>): Promise<void> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const value = await this.#calls.ask('peek', token, [key], sliceOf);
      const changed = change(value);
      if (changed === undefined) return;
      const expected = value === undefined ? [0, ''] : [1, value];
      if (await this.#calls.ask('swap', token, [use(isUse), key, ...expected, changed], isOne)) return;
    }
    throw CHANGING;
  }
}
