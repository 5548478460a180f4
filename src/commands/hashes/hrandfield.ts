import { NO_SESSION, type Session, type SessionData } from '../../engine/index.js';
import { CodedError } from '../../errors.js';
import { Slice } from '../../slice.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { readHash } from '../keys/lookup.js';

/** Returns a random integer from 0 to `end - 1`. It need not be unpredictable. */
const randomInt = (end: number) => Math.floor(Math.random() * end);

/** The most fields in a reply with repetitions: an endless reply would block the server. */
const MOST = 2 ** 20;

export const hrandfield: Command = {
  name: 'hrandfield',
  summary: 'Returns random fields of a hash. With a negative count, fields may repeat.',
  complexity: 'O(N), where N is the number of fields returned',
  group: 'hash',
  flags: ['readonly'],
  arity: -2,
  arguments: [
    KEY,
    {
      name: 'options',
      type: 'block',
      optional: true,
      arguments: [
        { name: 'count', type: 'integer' },
        { name: 'withvalues', type: 'pure-token', token: 'WITHVALUES', optional: true },
      ],
    },
  ],
  reply: 'a field, or null; with a count, array of fields or of fields and values',
  run(context, args) {
    const { client, engine, reply } = context;
    const key = args.key(client);
    const count = args.left > 0 ? readCount(args) : undefined;
    const withValues = args.left > 0 && args.choice('WITHVALUES') === 'WITHVALUES';
    args.end();
    if (withValues && count !== undefined && Math.abs(count) >= 2 ** 62) throw new CodedError('ERR', OUT_OF_RANGE);
    const session = readHash(context, key);
    if (session === NO_SESSION) {
      if (count === undefined) reply.null();
      else reply.array(0);
      return;
    }
    const { data } = engine;
    const length = data.count(session);
    if (count === undefined) {
      data.read(session);
      reply.bulk(data.keyAt(session, randomInt(length)));
      return;
    }
    if (count < -MOST) throw new CodedError('ERR', `${OUT_OF_RANGE}, at most ${MOST} fields are returned at a time`);
    const places = count < 0 ? anyOf(length, -count) : differentOf(length, count);
    const isNested = withValues && reply.protocol === 3;
    reply.array(withValues && !isNested ? 2 * places.length : places.length);
    data.read(session);
    visitAt(data, session, places, (field, value) => {
      if (isNested) reply.array(2);
      reply.bulk(field);
      if (withValues) reply.bulk(value ?? data.peekPart(session, field, 0, Infinity) ?? '');
    });
  },
};

/** Visits the fields at the given places. Their values are passed only if the hash is packed. */
function visitAt(
  data: SessionData,
  session: Session,
  places: readonly number[],
  visit: (field: Slice, value: Slice | undefined) => void,
): void {
  if (data.encoding(session) === 'hashed') {
    for (const place of places) visit(data.keyAt(session, place), undefined);
    return;
  }
  // A packed hash has few fields, and can find the n-th field only by counting.
  const all: [Slice, Slice][] = [];
  data.peek(session, (field, value) => all.push([Slice.of(field.copy()), Slice.of(value.copy())]));
  for (const place of places) visit(...all[place]);
}

const OUT_OF_RANGE = 'value is out of range';
/** The largest 64-bit integer. */
const GREATEST = 2n ** 63n - 1n;

/** Reads the count. @throws CodedError not an integer, out of range. */
function readCount(args: Arguments): number {
  const count = args.int64();
  if (count < -GREATEST)
    throw new CodedError('ERR', `${OUT_OF_RANGE}, value must between -${GREATEST} and ${GREATEST}`);
  return Number(count);
}

function anyOf(length: number, count: number): number[] {
  return Array.from({ length: count }, () => randomInt(length));
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
