import { CodedError } from '../../errors.js';
import { redacted } from '../../execution/observing/redaction.js';
import type { ClaimOptions } from '../../stream/consumer-group.js';
import type { EntryId } from '../../stream/entry-id.js';
import type { Arguments } from '../arguments/arguments.js';
import { readMinIdle, readNumber } from './claim-arguments.js';
import { CONSUMER, GROUP, IDS, JUSTID, KEY, MIN_IDLE } from './grammar.js';
import { parseId, readId } from './ids.js';
import { noGroup, seeConsumer, streamCommand, timeOf } from './stream-command.js';
import { writeEntries, writeIds } from './write-entries.js';

export const xclaim = streamCommand({
  name: 'xclaim',
  summary: 'Makes entries that are pending for another consumer those of this consumer, as if delivered to it.',
  complexity: 'O(N * log M), where N is the number of ids and M the number of entries that are pending',
  flags: ['write', 'fast'],
  arity: -6,
  arguments: [
    { ...KEY, use: 'RW update' },
    GROUP,
    CONSUMER,
    MIN_IDLE,
    IDS,
    { name: 'ms', type: 'integer', token: 'IDLE', optional: true },
    { name: 'unix-time-milliseconds', type: 'unix-time', token: 'TIME', optional: true },
    { name: 'count', type: 'integer', token: 'RETRYCOUNT', optional: true },
    { name: 'force', type: 'pure-token', token: 'FORCE', optional: true },
    JUSTID,
    { name: 'lastid', type: 'string', token: 'LASTID', optional: true },
  ],
  reply: 'array of the entries that were claimed; of their ids with JUSTID',
  answer(stream, context, args) {
    const name = args.slice();
    const group = stream.group(name);
    if (group === undefined) throw noGroup(name);
    const consumer = args.slice();
    const minIdle = readMinIdle(args, 'XCLAIM');
    const ids = readIds(args);
    const { lastId, ...options } = readOptions(args, timeOf(context));
    if (lastId !== undefined) group.advance(lastId);
    seeConsumer(group, consumer, options.now);
    const write = options.justId ? writeIds : writeEntries;
    write(context, (visit) => group.claim(consumer, ids, { ...options, minIdle }, visit));
  },
});

/** Reads ids as long as there are any: the first word that is none is an option. */
function readIds(args: Arguments): EntryId[] {
  const ids: EntryId[] = [];
  while (args.left > 0) {
    const mark = args.mark();
    const id = parseId(args.slice(), 0);
    if (id === undefined) {
      args.back(mark);
      break;
    }
    ids.push(id);
  }
  return ids;
}

interface Options extends Omit<ClaimOptions, 'minIdle'> {
  /** Where the group is to be at least. */
  readonly lastId?: EntryId;
}

function readOptions(args: Arguments, now: number): Options {
  const options: { -readonly [Name in keyof Options]: Options[Name] } = { now };
  while (args.left > 0) {
    const option = args.option(args.left > 1 ? OPTIONS : FLAGS);
    if (option === undefined) {
      throw new CodedError('ERR', `Unrecognized XCLAIM option '${redacted(args.bytes())}'`);
    }
    option.read(options, args);
  }
  return options;
}

interface Option {
  readonly word: string;
  read(options: { -readonly [Name in keyof Options]: Options[Name] }, args: Arguments): void;
}

const FLAGS: readonly Option[] = [
  {
    word: 'FORCE',
    read(options) {
      options.force = true;
    },
  },
  {
    word: 'JUSTID',
    read(options) {
      options.justId = true;
    },
  },
];

const OPTIONS: readonly Option[] = [
  ...FLAGS,
  {
    word: 'IDLE',
    read(options, args) {
      const ago = readNumber(args, 'IDLE option argument for XCLAIM');
      options.deliveredAt = withinTime(options.now - ago, options.now);
    },
  },
  {
    word: 'TIME',
    read(options, args) {
      options.deliveredAt = withinTime(readNumber(args, 'TIME option argument for XCLAIM'), options.now);
    },
  },
  {
    word: 'RETRYCOUNT',
    read(options, args) {
      const deliveries = readNumber(args, 'RETRYCOUNT option argument for XCLAIM');
      options.deliveries = deliveries < 0 ? undefined : Math.min(deliveries, Number.MAX_SAFE_INTEGER);
    },
  },
  {
    word: 'LASTID',
    read(options, args) {
      options.lastId = readId(args);
    },
  },
];

/** Returns a time of delivery, in Unix ms: now if it is in the future, or before 1970. */
function withinTime(time: number, now: number): number {
  return time >= 0 && time <= now ? time : now;
}
