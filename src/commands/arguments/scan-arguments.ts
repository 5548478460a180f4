import { CodedError, SYNTAX } from '../../errors.js';
import { globMatcher } from '../../glob.js';
import type { Arguments } from './arguments.js';

const DEFAULT_COUNT = 10;
/** A call visits at most this many, whatever COUNT says, so that other clients need not wait long. */
const MAX_COUNT = 4096;

/**
 * The longest text that is matched against a pattern, in bytes. That takes a few ms at most. Names are shorter, but
 * fields of a hash may be much longer.
 */
const LONGEST_SEARCHED = 2 ** 18;

/** The highest cursor, which has 64 bits, and the most characters that a cursor may have. */
const MAX_CURSOR = 2n ** 64n - 1n;
const MOST_DIGITS = 100;

/** The arguments of SCAN and SESSION.SCAN. */
export interface Scan {
  readonly cursor: number;
  readonly count: number;
  /** Whether a name, with one character per byte, matches. */
  readonly matches: (name: string) => boolean;
  /** The type of the keys to list, in lower case; undefined for all types. */
  readonly type: string | undefined;
}

/**
 * Reads a cursor like C's `strtoul`. A cursor that no scan has returned is past the end.
 * @throws CodedError if the cursor is invalid.
 */
export function readCursor(args: Arguments): number {
  const text = args.slice().latin1();
  if (!/^(?:[+-]?[0-9]+)?$/.test(text) || text.length > MOST_DIGITS) throw new CodedError('ERR', 'invalid cursor');
  const cursor = BigInt(text.replace(/^[+-]/, '') || '0');
  if (cursor > MAX_CURSOR) throw new CodedError('ERR', 'invalid cursor');
  return text.startsWith('-') && cursor > 0n
    ? Number.MAX_SAFE_INTEGER
    : Math.min(Number(cursor), Number.MAX_SAFE_INTEGER);
}

/**
 * Reads `cursor [MATCH pattern] [COUNT count]` and, if `typed`, `[TYPE type]`.
 * @throws CodedError as Redis words it.
 */
export function readScan(args: Arguments, typed: boolean): Scan {
  return { cursor: readCursor(args), ...readScanOptions(args, typed) };
}

/** Like `readScan`, after the cursor. */
export function readScanOptions(args: Arguments, typed: boolean): Omit<Scan, 'cursor'> {
  let pattern = '*';
  let count = DEFAULT_COUNT;
  let type: string | undefined;
  while (args.left > 0) {
    const word = args.choice('MATCH', 'COUNT', ...(typed ? ['TYPE' as const] : []));
    if (word === 'MATCH') {
      pattern = args.pattern();
    } else if (word === 'TYPE') {
      type = args.word();
    } else {
      count = Number(args.int64());
      if (count < 1) throw SYNTAX;
    }
  }
  return { count: Math.min(count, MAX_COUNT), matches: globMatcher(pattern, LONGEST_SEARCHED), type };
}
