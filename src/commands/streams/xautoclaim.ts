import { parseInt64 } from '../../engine/fields/int64.js';
import { CodedError } from '../../errors.js';
import { type EntryId, FIRST_ID, idText } from '../../stream/entry-id.js';
import type { Arguments } from '../arguments/arguments.js';
import { readMinIdle } from './claim-arguments.js';
import { CONSUMER, COUNT, GROUP, JUSTID, KEY, MIN_IDLE } from './grammar.js';
import { readStart } from './ids.js';
import { noGroup, seeConsumer, streamCommand, timeOf } from './stream-command.js';
import { writeEntries, writeIds } from './write-entries.js';

const WRONG_COUNT = new CodedError('ERR', 'COUNT must be > 0');
const USUAL_COUNT = 100;
/** A larger COUNT claims no more, so that other clients need not wait long. The client goes on where the reply says. */
const MOST_AT_ONCE = 1000;
/** As in Redis, which multiplies it by the bytes of an id. */
const MOST = (2n ** 63n - 1n) / 16n;

export const xautoclaim = streamCommand({
  name: 'xautoclaim',
  summary: 'Claims the entries of a group that have been pending for long, in the order of their ids.',
  complexity: 'O(1) if COUNT is small',
  flags: ['write', 'fast'],
  arity: -6,
  arguments: [
    { ...KEY, use: 'RW delete' },
    GROUP,
    CONSUMER,
    MIN_IDLE,
    { name: 'start', type: 'string' },
    COUNT,
    JUSTID,
  ],
  reply:
    'the id to continue from, 0-0 if there are no more; an array of the entries that were claimed, or of their ids with JUSTID; an array of the ids of entries that were pending but are no longer in the stream',
  answer(stream, context, args) {
    const { reply } = context;
    const name = args.slice();
    const consumer = args.slice();
    const minIdle = readMinIdle(args, 'XAUTOCLAIM');
    const from = readStart(args);
    const { count, justId } = readOptions(args);
    const group = stream.group(name);
    if (group === undefined) throw noGroup(name);
    const start = reply.written;
    const options = { minIdle, count, justId, now: timeOf(context) };
    seeConsumer(group, consumer, options.now);
    let gone: readonly EntryId[] = [];
    let next = FIRST_ID;
    const write = justId ? writeIds : writeEntries;
    write(context, (visit) => {
      ({ next, gone } = group.autoclaim(consumer, from, options, visit));
    });
    reply.before(start, () => {
      reply.array(3);
      reply.latin1(idText(next));
    });
    reply.array(gone.length);
    for (const id of gone) reply.latin1(idText(id));
  },
});

function readOptions(args: Arguments): { readonly count: number; readonly justId: boolean } {
  let count = USUAL_COUNT;
  let justId = false;
  while (args.left > 0) {
    if (args.choice('COUNT', 'JUSTID') === 'JUSTID') {
      justId = true;
      continue;
    }
    const given = parseInt64(args.slice());
    if (given === undefined || given < 1n || given > MOST) throw WRONG_COUNT;
    count = Math.min(Number(given), MOST_AT_ONCE);
  }
  return { count, justId };
}
