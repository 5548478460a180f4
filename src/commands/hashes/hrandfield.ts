import { NO_SESSION, type Session, type SessionEngine } from '../../engine/index.js';
import type { Arguments } from '../arguments.js';
import type { Command } from '../command.js';
import { CommandError } from '../command-error.js';
import { KEY } from '../keys/grammar.js';
import { readHash } from '../keys/lookup.js';

/** An integer from 0 that is less than `end`: whoever guesses it gains nothing. */
const randomInt = (end: number) => Math.floor(Math.random() * end);

/** Fields, each as often as asked for: a reply without end would take the server away. */
const MOST = 2 ** 20;

export const hrandfield: Command = {
  name: 'hrandfield',
  summary: 'Returns fields of a hash at random: different ones or, with a negative count, any.',
  complexity: 'O(N + M) with N fields of the hash and M returned',
  group: 'hash',
  flags: ['readonly'],
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
  reply: 'field or null; with a count array of fields, or of fields and values',
  run(context, args) {
    const { engine, reply } = context;
    const key = args.slice();
    const count = args.left > 0 ? readCount(args) : undefined;
    const withValues = args.left > 0 && args.choice('WITHVALUES') === 'WITHVALUES';
    args.end();
    if (withValues && count !== undefined && Math.abs(count) >= 2 ** 62) throw new CommandError(OUT_OF_RANGE);
    const session = readHash(context, key);
    if (session === NO_SESSION) {
      if (count === undefined) reply.null();
      else reply.array(0);
      return;
    }
    const length = engine.data.count(session);
    if (count === undefined) {
      reply.bulk(fieldsAt(engine, session, [randomInt(length)])[0].field);
      return;
    }
    if (count < -MOST) throw new CommandError(`${OUT_OF_RANGE}, at most ${MOST} fields come at a time`);
    const chosen = fieldsAt(engine, session, count < 0 ? anyOf(length, -count) : differentOf(length, count));
    const isNested = withValues && reply.protocol === 3;
    reply.array(withValues && !isNested ? 2 * chosen.length : chosen.length);
    for (const { field, value } of chosen) {
      if (isNested) reply.array(2);
      reply.bulk(field);
      if (withValues) reply.bulk(value);
    }
  },
};

/** The fields at some places, in the order of the places. Fields have no places but by counting them. */
function fieldsAt(engine: SessionEngine, session: Session, places: readonly number[]) {
  const wanted = new Set(places);
  const found = new Map<number, { readonly field: Buffer; readonly value: Buffer }>();
  let place = 0;
  engine.data.forEach(session, (field, value) => {
    if (wanted.has(place)) found.set(place, { field: field.copy(), value: value.copy() });
    place++;
  });
  return places.flatMap((at) => found.get(at) ?? []);
}

const OUT_OF_RANGE = 'ERR value is out of range';
/** The greatest integer of 64 bits. */
const GREATEST = 2n ** 63n - 1n;

/** @throws CommandError not an integer, out of range. */
function readCount(args: Arguments): number {
  const count = args.int64();
  if (count < -GREATEST) throw new CommandError(`${OUT_OF_RANGE}, value must between -${GREATEST} and ${GREATEST}`);
  return Number(count);
}

function anyOf(length: number, count: number): number[] {
  return Array.from({ length: count }, () => randomInt(length));
}

/** By the shuffle of Fisher and Yates, as far as it is needed. */
function differentOf(length: number, count: number): number[] {
  const places = Array.from({ length }, (_, place) => place);
  if (count >= length) return places;
  for (let i = 0; i < count; i++) {
    const other = i + randomInt(length - i);
    [places[i], places[other]] = [places[other], places[i]];
  }
  return places.slice(0, count);
}
