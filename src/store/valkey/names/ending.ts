import type { Address, Addresses } from '../addressing/addresses.js';
import type { ENDS } from '../library/constants.js';
import { membersIn } from '../library/replies.js';
import type { Calls, Reply } from '../nodes/nodes.js';
import type { Unindexing } from './unindexing.js';

/** How many sessions are ended at the same time. */
const AT_ONCE = 256;

type EndEvent = keyof typeof ENDS;

/** Ends sessions, and then removes their entries from those indexes of names that are in other partitions. */
export class Ending {
  readonly #calls: Calls;
  readonly #addresses: Addresses;
  readonly #unindexing: Unindexing;

  /** @param calls Calls the function that ends a session. A transaction does so later. */
  constructor(calls: Calls, addresses: Addresses, unindexing: Unindexing) {
    this.#calls = calls;
    this.#addresses = addresses;
    this.#unindexing = unindexing;
  }

  /**
   * Ends a session. Returns whether there was one. Does not wait until the entry is gone: readers of the index check
   * the session too.
   */
  one(address: Address): Promise<boolean> {
    return this.#end(address, 'ended').then((member) => {
      if (member instanceof Buffer) this.#unindexing.removeSoon(member);
      return member !== null;
    });
  }

  /** Ends sessions by their ids. Returns how many there were. */
  async byId(ids: readonly Buffer[], event: EndEvent): Promise<number> {
    let ended = 0;
    for (let i = 0; i < ids.length; i += AT_ONCE) {
      const some = ids.slice(i, i + AT_ONCE).map((id) => this.#end(this.#addresses.ofId(id), event));
      const found = (await Promise.all(some)).filter((member) => member !== null);
      ended += found.length;
      await this.#unindexing.remove(membersIn(found));
    }
    return ended;
  }

  /** Ends a session. Returns null if there is none, its member if its entry is still there, else 1. */
  #end({ partition, text }: Address, event: EndEvent): Promise<Reply> {
    return this.#calls.call(partition, 'end', [text, event]);
  }
}
