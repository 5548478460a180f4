import { CodedError } from '../../errors.js';
import type { EntryId } from '../../stream/entry-id.js';
import type { EventStream } from '../../stream/event-stream.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Argument } from '../declaration/command.js';
import { container } from '../declaration/container.js';
import { CONSUMER, GROUP, KEY } from './grammar.js';
import { readId, readIdOrEnd } from './ids.js';
import { noGroupForKey, streamCommand, timeOf } from './stream-command.js';

const GROUP_EXISTS = new CodedError('BUSYGROUP', 'Consumer Group name already exists');
const NEGATIVE_READ = new CodedError('ERR', 'value for ENTRIESREAD must be positive or -1');

const LAST_ID: Argument = {
  name: 'id-selector',
  type: 'oneof',
  arguments: [
    { name: 'id', type: 'string' },
    { name: 'new-id', type: 'pure-token', token: '$' },
  ],
};
const ENTRIES_READ: Argument = { name: 'entries-read', type: 'integer', token: 'ENTRIESREAD', optional: true };

const create = streamCommand({
  name: 'create',
  summary: 'Creates a group, which reads the entries after an id: 0 for all of them, $ for those to come.',
  complexity: 'O(1)',
  flags: ['write', 'denyoom'],
  arity: -5,
  arguments: [
    { ...KEY, use: 'RW insert' },
    GROUP,
    LAST_ID,
    { name: 'mkstream', type: 'pure-token', token: 'MKSTREAM', optional: true },
    ENTRIES_READ,
  ],
  reply: 'OK',
  answer(stream, { reply }, args) {
    const group = args.slice();
    const mark = args.mark();
    args.slice();
    const entriesRead = readEntriesRead(args, true);
    args.back(mark);
    const id = readLastId(stream, args, readId);
    if (stream.createGroup(group, id, entriesRead) === undefined) throw GROUP_EXISTS;
    reply.ok();
  },
});

const setid = streamCommand({
  name: 'setid',
  summary: 'Sets the id after which a group reads on.',
  complexity: 'O(1)',
  flags: ['write'],
  arity: -5,
  arguments: [{ ...KEY, use: 'RW update' }, GROUP, LAST_ID, ENTRIES_READ],
  reply: 'OK',
  answer(stream, { reply }, args) {
    const name = args.slice();
    const mark = args.mark();
    args.slice();
    const entriesRead = readEntriesRead(args, false);
    const group = stream.group(name);
    if (group === undefined) throw noGroupForKey(name);
    args.back(mark);
    group.setId(readLastId(stream, args, readIdOrEnd), entriesRead);
    reply.ok();
  },
});

const destroy = streamCommand({
  name: 'destroy',
  summary: 'Removes a group and everything that is pending in it.',
  complexity: 'O(N), where N is the number of consumers',
  flags: ['write'],
  arity: 4,
  arguments: [{ ...KEY, use: 'RW delete' }, GROUP],
  reply: '1; 0 if there is no such group',
  answer(stream, { reply }, args) {
    reply.integer(stream.destroyGroup(args.slice()) ? 1 : 0);
  },
});

const createconsumer = streamCommand({
  name: 'createconsumer',
  summary: 'Creates a consumer of a group. Reading also creates it.',
  complexity: 'O(1)',
  flags: ['write', 'denyoom'],
  arity: 5,
  arguments: [{ ...KEY, use: 'RW insert' }, GROUP, CONSUMER],
  reply: '1; 0 if there is one of that name',
  answer(stream, context, args) {
    const name = args.slice();
    const group = stream.group(name);
    if (group === undefined) throw noGroupForKey(name);
    context.reply.integer(group.createConsumer(args.slice(), timeOf(context)) ? 1 : 0);
  },
});

const delconsumer = streamCommand({
  name: 'delconsumer',
  summary: 'Removes a consumer and everything that is pending for it.',
  complexity: 'O(N), where N is the number of entries that are pending in the group',
  flags: ['write'],
  arity: 5,
  arguments: [{ ...KEY, use: 'RW delete' }, GROUP, CONSUMER],
  reply: 'the number of entries that were pending for it',
  answer(stream, { reply }, args) {
    const name = args.slice();
    const group = stream.group(name);
    if (group === undefined) throw noGroupForKey(name);
    reply.integer(group.deleteConsumer(args.slice()) ?? 0);
  },
});

export const xgroup = container('xgroup', 'stream', 'A container for commands about groups of consumers.', [
  create,
  createconsumer,
  delconsumer,
  destroy,
  setid,
]);

/** Reads an id or `$`, the last one. */
function readLastId(stream: EventStream, args: Arguments, read: (args: Arguments) => EntryId): EntryId {
  return args.option([{ word: '$' }]) === undefined ? read(args) : stream.lastId;
}

/**
 * Reads the remaining arguments, `[ENTRIESREAD n]` and perhaps MKSTREAM. Returns how many entries the group has read; -1
 * if unknown.
 */
function readEntriesRead(args: Arguments, mayMakeStream: boolean): number {
  let entriesRead = -1;
  while (args.left > 0) {
    // The stream is always there.
    if (mayMakeStream && args.option(MAKE_STREAM) !== undefined) continue;
    if (args.left === 1 || args.option(READ) === undefined) args.endOfSubcommand();
    entriesRead = Math.min(Number(args.int64()), MOST_READ);
    if (entriesRead < -1) throw NEGATIVE_READ;
  }
  return entriesRead;
}

/** The journal keeps one more than this as an integer. */
const MOST_READ = Number.MAX_SAFE_INTEGER - 1;
const MAKE_STREAM = [{ word: 'MKSTREAM' }] as const;
const READ = [{ word: 'ENTRIESREAD' }] as const;
