import { MAX_NAME } from '../../../engine/index.js';
import { nameIn } from '../../../engine/names/address.js';
import { Slice } from '../../../slice.js';
import { noSuchSession } from '../../no-such-session.js';
import { ID_MARK, SHARED_MARK } from '../library/constants.js';
import { originIn } from './member.js';
import type { Partitions } from './partitions.js';
import type { SharedTokens } from './shared-tokens.js';

/** The addresses of up to this many names are cached: deriving one takes longer than the rest of an operation. */
const MAX_CACHED = 2048;

/** Where a session is, and how a call identifies it there. */
export interface Address {
  readonly partition: number;
  /**
   * The first argument of a call of the library's functions. It says which session the call is for:
   *
   * - a token: 22 characters;
   * - `@` and the token of a shared session, if the client has given its name: leads only to a shared session;
   * - `=` and the id of a session, whatever its token is now.
   */
  readonly text: string;
}

/** Finds the addresses of sessions by token, name or id. */
export class Addresses {
  readonly #partitions: Partitions;
  readonly #tokens: SharedTokens;
  /** By name, with one character per byte. */
  readonly #shared = new Map<string, Address>();

  constructor(partitions: Partitions, tokens: SharedTokens) {
    this.#partitions = partitions;
    this.#tokens = tokens;
  }

  /** Returns the address of a session, or undefined if what is given is neither a token nor `@name`. */
  find(token: Slice): Address | undefined {
    const name = nameIn(token);
    if (name !== undefined) return this.ofShared(name);
    const partition = this.#partitions.ofToken(token);
    return partition < 0 ? undefined : { partition, text: token.latin1() };
  }

  /** Like `find`. @throws SessionError NOSESSION if there cannot be such a session. */
  of(token: Slice): Address {
    const address = this.find(token);
    if (address === undefined) throw noSuchSession(token);
    return address;
  }

  /**
   * Like `of`, but makes no copy. The address is valid as long as the token is.
   * @throws SessionError NOSESSION if there cannot be such a session.
   */
  ofNow(token: Slice): Pick<Address, 'partition'> & { readonly text: string | Slice } {
    const partition = this.#partitions.ofToken(token);
    return partition < 0 ? this.of(token) : { partition, text: token };
  }

  /** Returns the address of the session with an id. */
  ofId(id: Buffer): Address {
    return { partition: this.#partitions.ofToken(originIn(id)), text: ID_MARK + id.toString('latin1') };
  }

  /** Returns the address of the shared session with a name, or undefined if no session can have the name. */
  ofShared(name: Slice): Address | undefined {
    if (name.length === 0 || name.length > MAX_NAME) return undefined;
    const key = name.latin1();
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const token = this.#tokens.of(name.toBuffer());
    const address = { partition: this.#partitions.ofToken(Slice.of(token)), text: SHARED_MARK + token };
    if (this.#shared.size === MAX_CACHED) this.#shared.clear();
    this.#shared.set(key, address);
    return address;
  }
}

/** Returns the token in the address of a shared session. */
export function tokenIn({ text }: Address): string {
  return text.slice(SHARED_MARK.length);
}
