import type { Slice } from '../../../slice.js';
import type { Address, Addresses } from '../addressing/addresses.js';
import type { Argument, Calls, Reply } from '../nodes/nodes.js';
import type { LookUpCounts } from './look-up-counts.js';

/** Calls functions for one session each, and counts how many sessions were found. */
export class SessionCalls {
  readonly #calls: Calls;
  readonly #addresses: Addresses;
  readonly #counts: LookUpCounts;
  readonly #atOnce: number;

  /** @param atOnce How many calls of one operation may be on their way at the same time. */
  constructor(calls: Calls, addresses: Addresses, counts: LookUpCounts, atOnce: number) {
    this.#calls = calls;
    this.#addresses = addresses;
    this.#counts = counts;
    this.#atOnce = atOnce;
  }

  /**
   * Calls a function for the session with a token, which has to exist.
   * @param args What follows the address.
   * @param decode Makes the answer from the reply.
   * @throws SessionError NOSESSION at once if the token is malformed.
   */
  ask<Result>(fn: string, token: Slice, args: readonly Argument[], decode: (reply: Reply) => Result): Promise<Result> {
    const { partition, text } = this.#addresses.ofNow(token);
    this.#counts.asked++;
    return this.#calls.call(partition, fn, [text, ...args]).then(decode, this.#counts.failed);
  }

  /** Like `ask`, for a function that also answers if there is no such session. */
  askAt<Result>(
    fn: string,
    { partition, text }: Address,
    args: readonly Argument[],
    decode: (reply: Reply) => Result,
  ): Promise<Result> {
    return this.#calls.call(partition, fn, [text, ...args]).then(decode);
  }

  /**
   * Asks the same question about each session, and returns the answers in the order of the tokens. The answer for a
   * malformed token is false. The tokens need not stay valid.
   */
  async askEach(tokens: readonly Slice[], ask: (address: Address) => Promise<boolean>): Promise<boolean[]> {
    const addresses = tokens.map((token) => this.#addresses.find(token));
    const answers: boolean[] = [];
    for (let i = 0; i < addresses.length; i += this.#atOnce) {
      const some = addresses.slice(i, i + this.#atOnce).map((address) => address !== undefined && ask(address));
      for (const answer of await Promise.all(some)) answers.push(answer);
    }
    return answers;
  }
}
