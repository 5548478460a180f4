import { parseScore } from '../../engine/fields/scores.js';
import type { KeyEventKind } from '../../execution/context/keyspace-notifier.js';
import type { ReplyEncoder } from '../../resp/reply-encoder.js';
import type { Slice } from '../../slice.js';
import { formatScore, writeScore } from '../arguments/score.js';
import type { Group } from '../declaration/command.js';

/**
 * A kind of key that has fields or members. Some commands exist once for each kind, such as HLEN, SCARD and ZCARD: they
 * are declared together, and this is how they differ.
 */
export interface Collection {
  readonly kind: 'hash' | 'set' | 'zset';
  readonly group: Group;
  /** The letter of its keyspace events. */
  readonly event: KeyEventKind;
  /** As summaries call it. */
  readonly name: string;
  readonly item: 'field' | 'member';
  /** How the value of an item is written; undefined if items have none. */
  readonly values?: Values;
}

interface Values {
  /** As documentation calls it. */
  readonly name: string;
  /** The option that asks for values, in capitals. */
  readonly option: string;
  write(reply: ReplyEncoder, value: Slice): void;
  /** Returns a value as it is written when the collection is scanned. */
  scanned(value: Slice): Buffer | string;
}

export const HASH = {
  kind: 'hash',
  group: 'hash',
  event: 'h',
  name: 'a hash',
  item: 'field',
  values: {
    name: 'value',
    option: 'WITHVALUES',
    write: (reply, value) => reply.bulk(value),
    scanned: (value) => value.copy(),
  },
} satisfies Collection;

export const SET = { kind: 'set', group: 'set', event: 's', name: 'a set', item: 'member' } satisfies Collection;

export const SORTED_SET = {
  kind: 'zset',
  group: 'sorted-set',
  event: 'z',
  name: 'a sorted set',
  item: 'member',
  values: {
    name: 'score',
    option: 'WITHSCORES',
    write: (reply, value) => writeScore(reply, parseScore(value)),
    scanned: (value) => {
      const score = parseScore(value);
      // Unlike other commands, ZSCAN writes large integers without an exponent.
      return Number.isInteger(score) && Math.abs(score) <= 2 ** 62 ? String(BigInt(score)) : formatScore(score);
    },
  },
} satisfies Collection;
