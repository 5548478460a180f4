import { Slice } from '../../../slice.js';
import type { Fields, Keys, Values } from '../../session-store.js';
import type { Reply } from '../nodes/nodes.js';
import { NO_DEADLINE, NO_KEY_TTL } from './constants.js';

// Functions that turn a reply of the library's functions into the result of an operation. They are made once, so that
// no operation has to make one.

export function integerOf(reply: Reply): number {
  return Number(reply);
}

export function isOne(reply: Reply): boolean {
  return reply === 1;
}

export function bigintOf(reply: Reply): bigint {
  return BigInt(String(reply));
}

export function nothingOf(): void {}

export function bufferOf(reply: Reply): Buffer {
  return reply as Buffer;
}

export function listOf(reply: Reply): readonly Reply[] {
  return reply as readonly Reply[];
}

/** Gives the values of a reply their names. */
export function named<Name extends string>(names: readonly Name[], reply: Reply): Readonly<Record<Name, Reply>> {
  const values = listOf(reply);
  return Object.fromEntries(names.map((name, i) => [name, values[i]])) as Record<Name, Reply>;
}

/** Returns the members among the replies of functions that end sessions. Their entries are still to be removed. */
export function membersIn(replies: readonly Reply[]): Buffer[] {
  return replies.filter((reply): reply is Buffer => reply instanceof Buffer);
}

export function booleansOf(reply: Reply): boolean[] {
  return listOf(reply).map(isOne);
}

/** @param reply In ms, or `NO_DEADLINE`. */
export function timeLeftOf(reply: Reply): number {
  const left = integerOf(reply);
  return left === NO_DEADLINE ? Infinity : left;
}

/** Returns for each key the ms until its deadline; undefined if there is no such key. */
export function keyTimesLeftOf(reply: Reply): (number | undefined)[] {
  return listOf(reply).map((left) => (left === NO_KEY_TTL ? undefined : timeLeftOf(left)));
}

export function sliceOf(reply: Reply): Slice | undefined {
  return reply === null ? undefined : Slice.of(reply as Buffer);
}

export function valuesOf(reply: Reply): Values {
  return new ReplyValues(reply as readonly (Buffer | null)[]);
}

export function fieldsOf(reply: Reply): Fields {
  return new ReplyFields(reply as readonly Buffer[]);
}

export function keysOf(reply: Reply): Keys {
  return new ReplyKeys(reply as readonly Buffer[]);
}

class ReplyValues implements Values {
  readonly #values: readonly (Buffer | null)[];

  constructor(values: readonly (Buffer | null)[]) {
    this.#values = values;
  }

  get length(): number {
    return this.#values.length;
  }

  forEach(visit: (value: Slice | undefined) => void): void {
    for (const value of this.#values) visit(value === null ? undefined : Slice.of(value));
  }
}

class ReplyFields implements Fields {
  /** Alternating keys and values. */
  readonly #pairs: readonly Buffer[];

  constructor(pairs: readonly Buffer[]) {
    this.#pairs = pairs;
  }

  get size(): number {
    return this.#pairs.length / 2;
  }

  forEach(visit: (key: Slice, value: Slice) => void): void {
    const pairs = this.#pairs;
    for (let i = 0; i < pairs.length; i += 2) visit(Slice.of(pairs[i]), Slice.of(pairs[i + 1]));
  }
}

class ReplyKeys implements Keys {
  readonly #keys: readonly Buffer[];

  constructor(keys: readonly Buffer[]) {
    this.#keys = keys;
  }

  get size(): number {
    return this.#keys.length;
  }

  forEach(visit: (key: Slice) => void): void {
    for (const key of this.#keys) visit(Slice.of(key));
  }
}
