import { CodedError } from '../../errors.js';
import { Slice } from '../../slice.js';
import { type EntryId, FIRST_ID, LAST_ID, MAX_PART, nextId, previousId } from '../../stream/entry-id.js';
import type { Arguments } from '../arguments/arguments.js';

// Reads ids of entries as Redis does.

const INVALID = new CodedError('ERR', 'Invalid stream ID specified as stream command argument');
const INVALID_START = new CodedError('ERR', 'invalid start ID for the interval');
const INVALID_END = new CodedError('ERR', 'invalid end ID for the interval');

/** The most bytes of an id, and the highest number that each of its parts may be. */
const MOST_BYTES = 127;
const HIGHEST = 2n ** 64n - 1n;
const LOWEST_INT64 = -(2n ** 63n);

/** Reads an id. @param n Its second part if it has none. @throws CodedError if it is none. */
export function readId(args: Arguments, n = 0): EntryId {
  return valid(parseId(args.slice(), n));
}

/** Like `readId`, but also takes `-` and `+` for the first and the last possible id. */
export function readIdOrEnd(args: Arguments): EntryId {
  return valid(parseIdOrEnd(args.slice(), 0));
}

/** A range of ids. Both are included. */
export interface IdRange {
  readonly from: EntryId;
  readonly to: EntryId;
}

/** Reads `start end`. @throws CodedError for a wrong id. */
export function readRange(args: Arguments): IdRange {
  const from = readStart(args);
  return { from, to: readEnd(args) };
}

/** Reads the start of a range: an id, `-`, `+`, or an id after `(` that is not included. */
export function readStart(args: Arguments): EntryId {
  return readBound(args.slice(), 0, nextId, INVALID_START);
}

/** Like `readStart`, for the end of a range. */
export function readEnd(args: Arguments): EntryId {
  return readBound(args.slice(), MAX_PART, previousId, INVALID_END);
}

function readBound(given: Slice, n: number, step: (id: EntryId) => EntryId | undefined, noneLeft: CodedError): EntryId {
  const isExclusive = given.length > 1 && given.bytes[given.start] === PARENTHESIS;
  if (!isExclusive) return valid(parseIdOrEnd(given, n));
  const id = valid(parseId(new Slice(given.bytes, given.start + 1, given.end), n));
  const inside = step(id);
  if (inside === undefined) throw noneLeft;
  return inside;
}

const PARENTHESIS = 0x28;

/** Returns an id that has been parsed. @throws CodedError if it was none. */
export function valid(id: EntryId | undefined): EntryId {
  if (id === undefined) throw INVALID;
  return id;
}

function parseIdOrEnd(given: Slice, n: number): EntryId | undefined {
  const text = textOf(given);
  if (text === '-') return FIRST_ID;
  return text === '+' ? LAST_ID : parseId(given, n);
}

/** Returns the id that bytes spell; undefined if they spell none. @param n Its second part if it has none. */
export function parseId(given: Slice, n: number): EntryId | undefined {
  const text = textOf(given);
  if (text === undefined) return undefined;
  const dash = text.indexOf('-');
  const ms = parsePart(dash < 0 ? text : text.slice(0, dash));
  const last = dash < 0 ? n : parsePart(text.slice(dash + 1));
  return ms === undefined || last === undefined ? undefined : { ms, n: last };
}

/** Returns the text of an id, which ends before a NUL as in C; undefined if it is too long for an id. */
function textOf(given: Slice): string | undefined {
  if (given.length > MOST_BYTES) return undefined;
  const [text] = given.latin1().split('\0', 1);
  return text;
}

/** Returns the number that a text spells, in the ways in which C's `strtoull` takes one. */
function parsePart(text: string): number | undefined {
  if (PLAIN.test(text)) return Number(text);
  if (!NUMBER.test(text)) return undefined;
  const value = BigInt(text.replace(/^\s*\+?/, ''));
  if (value > HIGHEST || value < -HIGHEST) return undefined;
  if (value >= 0n) return Number(value);
  // A negative number is refused if it is written as such. In any other spelling, it wraps around.
  return value >= LOWEST_INT64 && /^-[1-9]/.test(text) ? undefined : Number(value + HIGHEST + 1n);
}

const PLAIN = /^\d{1,15}$/;
const NUMBER = /^[ \t\n\v\f\r]*[+-]?\d+$/;
