import type { Context } from '../../execution/context/context.js';
import { inSlices } from '../../execution/in-slices.js';
import type { Arguments } from '../arguments/arguments.js';
import { COUNT, KEY } from './grammar.js';
import { readEnd, readRange, readStart } from './ids.js';
import { streamCommand } from './stream-command.js';
import { entriesInSteps, type PassNext, passing, passingBack } from './write-entries.js';

// XRANGE and XREVRANGE.

const COMPLEXITY = 'O(N), where N is the number of entries returned';

export const xrange = streamCommand({
  name: 'xrange',
  summary: 'Returns the entries of the stream of session events within a range of ids.',
  complexity: COMPLEXITY,
  flags: ['readonly'],
  arity: -4,
  arguments: [KEY, { name: 'start', type: 'string' }, { name: 'end', type: 'string' }, COUNT],
  reply: 'array of entries',
  answer(stream, context, args) {
    const { from, to } = readRange(args);
    const count = readCount(args);
    return writeRange(context, count, passing(stream, from, to));
  },
});

export const xrevrange = streamCommand({
  name: 'xrevrange',
  summary: 'Returns the entries of the stream of session events within a range of ids, the latest first.',
  complexity: COMPLEXITY,
  flags: ['readonly'],
  arity: -4,
  arguments: [KEY, { name: 'end', type: 'string' }, { name: 'start', type: 'string' }, COUNT],
  reply: 'array of entries',
  answer(stream, context, args) {
    // The start is read first, as in Redis: it decides which of two errors is the reply.
    const mark = args.mark();
    args.slice();
    const to = readStart(args);
    const end = args.mark();
    args.back(mark);
    const from = readEnd(args);
    args.back(end);
    const count = readCount(args);
    return writeRange(context, count, passingBack(stream, from, to));
  },
});

function writeRange(context: Context, count: number, passNext: PassNext): void | Promise<void> {
  if (count > 0) return inSlices(context, writing(context, count, passNext));
  context.reply.nullArray();
}

function* writing(context: Context, count: number, passNext: PassNext): Generator<void, void> {
  yield* entriesInSteps(context, count, passNext);
}

/** Reads the remaining arguments, `[COUNT count]`. */
function readCount(args: Arguments): number {
  let count = Infinity;
  while (args.left > 0) {
    args.choice('COUNT');
    const given = Number(args.int64());
    // As in Redis: -1 is no limit, and less than that is 0.
    count = given === -1 ? Infinity : Math.max(0, given);
  }
  return count;
}
