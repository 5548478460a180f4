import { NO_SESSION } from '../../engine/index.js';
import type { Arguments } from '../arguments.js';
import type { Command } from '../command.js';
import { CommandError, SYNTAX } from '../command-error.js';
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
    const withValues = args.option([{ word: 'WITHVALUES' }]) !== undefined;
    if (args.left > 0) throw new CommandError(SYNTAX);
    if (withValues && count !== undefined && Math.abs(count) >= 2 ** 62) throw new CommandError(OUT_OF_RANGE);
    const session = readHash(context, key);
    if (session === NO_SESSION) {
      if (count === undefined) reply.null();
      else reply.array(0);
      return;
    }
    const fields: Buffer[] = [];
    const values: Buffer[] = [];
    engine.data.forEach(session, (field, value) => {
      fields.push(field.copy());
      if (withValues) values.push(value.copy());
    });
    if (count === undefined) {
      reply.bulk(fields[randomInt(fields.length)]);
      return;
    }
    if (count < -MOST) throw new CommandError(`${OUT_OF_RANGE}, at most ${MOST} fields come at a time`);
    const places = count < 0 ? anyOf(fields.length, -count) : differentOf(fields.length, count);
    const isNested = withValues && reply.protocol === 3;
    reply.array(withValues && !isNested ? 2 * places.length : places.length);
    for (const place of places) {
      if (isNested) reply.array(2);
      reply.bulk(fields[place]);
      if (withValues) reply.bulk(values[place]);
    }
  },
};

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
