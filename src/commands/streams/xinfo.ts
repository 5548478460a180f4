import type { Context } from '../../execution/context/context.js';
import { inSlices } from '../../execution/in-slices.js';
import type { ReplyEncoder } from '../../resp/reply-encoder.js';
import { Slice } from '../../slice.js';
import type { Consumer, ConsumerGroup } from '../../stream/consumer-group.js';
import { type EntryId, FIRST_ID, idText, LAST_ID, nextId } from '../../stream/entry-id.js';
import type { EventStream } from '../../stream/event-stream.js';
import type { Arguments } from '../arguments/arguments.js';
import { container } from '../declaration/container.js';
import { COUNT, GROUP, KEY } from './grammar.js';
import { noGroupForKey, streamCommand, timeOf } from './stream-command.js';
import { arrayInSteps, entriesInSteps, passing, seesToken, writeEntry } from './write-entries.js';

/** How many entries of each list FULL returns, unless COUNT says otherwise. */
const USUAL_COUNT = 10;

const stream = streamCommand({
  name: 'stream',
  summary: 'Describes the stream of session events; with FULL also its first entries, its groups and their consumers.',
  complexity: 'O(1); with FULL O(N), where N is the number of entries, groups and consumers returned',
  flags: ['readonly'],
  arity: -3,
  arguments: [
    KEY,
    {
      name: 'full-block',
      type: 'block',
      optional: true,
      arguments: [{ name: 'full', type: 'pure-token', token: 'FULL' }, COUNT],
    },
  ],
  reply: 'map',
  answer(stream, context, args) {
    const count = readFull(args);
    if (count !== undefined) return inSlices(context, writeFull(context, stream, count || Infinity));
    writeStream(context, stream);
  },
});

/** Reads `[FULL [COUNT count]]`. Returns the count, 0 for no limit; undefined without FULL. */
function readFull(args: Arguments): number | undefined {
  if (args.left === 0) return undefined;
  const isRight = (args.left === 1 || args.left === 3) && args.option([{ word: 'FULL' }]) !== undefined;
  if (!isRight) args.endOfSubcommand();
  if (args.left === 0) return USUAL_COUNT;
  if (args.option([{ word: 'COUNT' }]) === undefined) args.endOfSubcommand();
  const count = Number(args.int64());
  return count < 0 ? USUAL_COUNT : count;
}

function writeStream(context: Context, stream: EventStream): void {
  const { reply } = context;
  reply.map(10);
  writeFigures(reply, figuresOf(stream));
  reply.bulk('groups');
  reply.integer(stream.groupCount);
  reply.bulk('first-entry');
  writeEntryAt(context, stream, stream.firstId);
  reply.bulk('last-entry');
  writeEntryAt(context, stream, stream.lastId);
}

type Figures = Readonly<Record<string, number | string | Buffer | undefined>>;

/** Writes members of a map. Undefined is null. */
function writeFigures(reply: ReplyEncoder, figures: Figures): void {
  for (const [name, value] of Object.entries(figures)) {
    reply.bulk(name);
    if (typeof value === 'number') reply.integer(value);
    else reply.bulkOrNull(value);
  }
}

/** Entries are not in a radix tree as in Redis, so each counts as a node. */
function figuresOf(stream: EventStream): Figures {
  return {
    length: stream.length,
    'radix-tree-keys': stream.length,
    'radix-tree-nodes': stream.length + 1,
    'last-generated-id': idText(stream.lastId),
    'max-deleted-entry-id': idText(FIRST_ID),
    'entries-added': stream.entriesAdded,
    'recorded-first-entry-id': idText(stream.firstId),
  };
}

function progressOf({ lastId, entriesRead, lag }: ConsumerGroup): Figures {
  return { 'last-delivered-id': idText(lastId), 'entries-read': entriesRead < 0 ? undefined : entriesRead, lag };
}

function writeEntryAt(context: Context, stream: EventStream, id: EntryId): void {
  const content = stream.find(id);
  if (content === undefined) context.reply.null();
  else writeEntry(context.reply, id, content, seesToken(context));
}

function* writeFull(context: Context, stream: EventStream, count: number): Generator<void, void> {
  const { reply } = context;
  reply.map(9);
  writeFigures(reply, figuresOf(stream));
  reply.bulk('entries');
  yield* entriesInSteps(context, count, passing(stream, FIRST_ID, LAST_ID));
  reply.bulk('groups');
  const groups = stream.groups();
  reply.array(groups.length);
  for (const group of groups) yield* writeFullGroup(context, group, count);
}

function* writeFullGroup(context: Context, group: ConsumerGroup, count: number): Generator<void, void> {
  const { reply } = context;
  reply.map(7);
  writeFigures(reply, { name: group.name, ...progressOf(group), 'pel-count': group.pending });
  reply.bulk('pending');
  yield* writePending(context, group, undefined, count);
  reply.bulk('consumers');
  const consumers = byName(group);
  reply.array(consumers.length);
  for (const consumer of consumers) {
    reply.map(5);
    writeFigures(reply, {
      name: consumer.name,
      'seen-time': consumer.seenAt,
      'active-time': consumer.activeAt,
      'pel-count': consumer.pending,
    });
    reply.bulk('pending');
    yield* writePending(context, group, consumer, count);
  }
}

/** Writes what is pending in a group or for one of its consumers, whose name is then left out. */
function* writePending(
  context: Context,
  group: ConsumerGroup,
  consumer: Consumer | undefined,
  count: number,
): Generator<void, void> {
  const { reply } = context;
  const filter = { consumer: consumer && Slice.of(consumer.name), now: timeOf(context) };
  let next: EntryId | undefined = FIRST_ID;
  yield* arrayInSteps(reply, count, (most) => {
    if (next === undefined) return 0;
    return group.visitPending(next, LAST_ID, most, filter, (ms, n, owner, deliveredAt, deliveries) => {
      next = nextId({ ms, n });
      reply.array(consumer === undefined ? 4 : 3);
      reply.latin1(idText({ ms, n }));
      if (consumer === undefined) reply.bulk(owner);
      reply.integer(deliveredAt);
      reply.integer(deliveries);
    });
  });
}

/** Returns the consumers of a group in the order of their names, as Redis has them. */
function byName(group: ConsumerGroup): Consumer[] {
  return [...group.consumers()].sort((one, other) => one.name.compare(other.name));
}

const groups = streamCommand({
  name: 'groups',
  summary: 'Describes the groups of the stream of session events.',
  complexity: 'O(N), where N is the number of groups',
  flags: ['readonly'],
  arity: 3,
  arguments: [KEY],
  reply: 'array of maps',
  answer(stream, { reply }) {
    const groups = stream.groups();
    reply.array(groups.length);
    for (const group of groups) {
      reply.map(6);
      writeFigures(reply, { name: group.name, consumers: group.size, pending: group.pending, ...progressOf(group) });
    }
  },
});

const consumers = streamCommand({
  name: 'consumers',
  summary: 'Describes the consumers of a group.',
  complexity: 'O(N), where N is the number of consumers',
  flags: ['readonly'],
  arity: 4,
  arguments: [KEY, GROUP],
  reply: 'array of maps',
  answer(stream, context, args) {
    const { reply } = context;
    const name = args.slice();
    const group = stream.group(name);
    if (group === undefined) throw noGroupForKey(name);
    const now = timeOf(context);
    const consumers = byName(group);
    reply.array(consumers.length);
    for (const { name: own, pending, seenAt, activeAt } of consumers) {
      reply.map(4);
      writeFigures(reply, {
        name: own,
        pending,
        idle: Math.max(0, now - seenAt),
        inactive: activeAt < 0 ? -1 : Math.max(0, now - activeAt),
      });
    }
  },
});

export const xinfo = container('xinfo', 'stream', 'A container for commands about the stream of session events.', [
  consumers,
  groups,
  stream,
]);
