import type { Session, SessionData } from '../../engine/index.js';
import { CodedError, SYNTAX } from '../../errors.js';
import { Slice } from '../../slice.js';
import type { Arguments } from '../arguments/arguments.js';

// How random fields and members are drawn: HRANDFIELD, SRANDMEMBER, ZRANDMEMBER and SPOP.

/** The most fields in a reply with repetitions: an endless reply would block the server. */
const MOST = 2 ** 20;
const OUT_OF_RANGE = 'value is out of range';
/** The largest 64-bit integer. */
const GREATEST = 2n ** 63n - 1n;

/** Returns a random integer from 0 to `end - 1`. It need not be unpredictable. */
const randomInt = (end: number) => Math.floor(Math.random() * end);

/** How many fields or members to draw. If negative, they may repeat. */
interface Draw {
  readonly count: number;
  /** Whether the value of each is wanted too. */
  readonly withValues: boolean;
}

/**
 * Reads the remaining arguments, `[count [WITHVALUES]]`. Returns undefined if there are none.
 * @param valuesWord The word, if the command has one.
 * @throws CodedError not an integer, out of range, syntax error.
 */
export function readDraw(args: Arguments, valuesWord?: string): Draw | undefined {
  if (args.left === 0) return undefined;
  // Redis checks the count of SRANDMEMBER last.
  if (valuesWord === undefined && args.left > 1) throw SYNTAX;
  const count = readCount(args);
  const withValues = valuesWord !== undefined && args.left > 0 && args.choice(valuesWord) === valuesWord;
  args.end();
  if (withValues && Math.abs(count) >= 2 ** 62) throw new CodedError('ERR', OUT_OF_RANGE);
  return { count, withValues };
}

/** Reads the count. @throws CodedError not an integer, out of range. */
function readCount(args: Arguments): number {
  const count = args.int64();
  if (count < -GREATEST)
    throw new CodedError('ERR', `${OUT_OF_RANGE}, value must between -${GREATEST} and ${GREATEST}`);
  return Number(count);
}

/** Returns the place of a random key among `length`, see `SessionData.keyAt`. */
export function drawOne(length: number): number {
  return randomInt(length);
}

/**
 * Returns random places among `length`: as many as there are, at most.
 * @param count If negative, that many places which may repeat.
 * @throws CodedError if so many would repeat that the reply would block the server.
 */
export function draw(length: number, count: number): number[] {
  if (count < -MOST) throw new CodedError('ERR', `${OUT_OF_RANGE}, at most ${MOST} can be returned at a time`);
  return count < 0 ? Array.from({ length: -count }, () => randomInt(length)) : differentOf(length, count);
}

/**
 * Returns `count` different indexes, by Floyd's algorithm (J. Bentley, Programming Pearls, "A sample of brilliance",
 * 1987), which takes `count` steps.
 */
function differentOf(length: number, count: number): number[] {
  if (count >= length) return Array.from({ length }, (_, place) => place);
  const chosen = new Set<number>();
  for (let end = length - count; end < length; end++) {
    const place = randomInt(end + 1);
    chosen.add(chosen.has(place) ? end : place);
  }
  return [...chosen];
}

/** Visits the keys at the given places, and with `withValues` their values; otherwise values may be empty. */
export function visitAt(
  data: SessionData,
  session: Session,
  places: readonly number[],
  withValues: boolean,
  visit: (key: Slice, value: Slice) => void,
): void {
  if (data.encoding(session) === 'hashed') {
    for (const place of places) {
      const key = data.keyAt(session, place);
      visit(key, (withValues ? data.peekPart(session, key, 0, Infinity) : undefined) ?? EMPTY);
    }
    return;
  }
  // A packed session has few keys, and can find the n-th only by counting.
  const all: [Slice, Slice][] = [];
  data.peek(session, (key, value) => all.push([Slice.of(key.copy()), Slice.of(value.copy())]));
  for (const place of places) visit(...all[place]);
}

const EMPTY = Slice.of('');
