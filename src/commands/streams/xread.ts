import { parseInteger } from '../../engine/fields/int64.js';
import { CodedError, SYNTAX } from '../../errors.js';
import type { Context } from '../../execution/context/context.js';
import { inSlices } from '../../execution/in-slices.js';
import { Slice } from '../../slice.js';
import type { ConsumerGroup } from '../../stream/consumer-group.js';
import { compareIds, type EntryId, FIRST_ID, LAST_ID, nextId, previousId } from '../../stream/entry-id.js';
import type { EventStream } from '../../stream/event-stream.js';
import { STREAM_KEY } from '../../stream-key.js';
import { type Arguments, spells } from '../arguments/arguments.js';
import type { Argument, Command } from '../declaration/command.js';
import { CONSUMER, COUNT, GROUP } from './grammar.js';
import { parseId, valid } from './ids.js';
import { relayRead, remoteStream } from './relay.js';
import { checkKey, noGroup, seeConsumer, streamOf, timeOf } from './stream-command.js';
import { arrayInSteps, entriesInSteps, passing, seesToken, writeEntry } from './write-entries.js';

// XREAD and XREADGROUP.

const BLOCK: Argument = { name: 'milliseconds', type: 'integer', token: 'BLOCK', optional: true };
const STREAMS: Argument = {
  name: 'streams',
  type: 'block',
  token: 'STREAMS',
  arguments: [
    { name: 'key', type: 'key', use: 'RO access', multiple: true },
    { name: 'id', type: 'string', multiple: true },
  ],
};

export const xread: Command = {
  name: 'xread',
  summary: 'Returns the entries of the stream of session events after an id. With BLOCK it waits for some.',
  complexity: 'O(N), where N is the number of entries returned',
  group: 'stream',
  flags: ['readonly', 'blocking'],
  arity: -4,
  arguments: [COUNT, BLOCK, STREAMS],
  reply: 'the key with an array of entries; null if there are none',
  run(context, args) {
    const { count, timeout } = readOptions(args, 'xread');
    const place = readPlace(context, args);
    const remote = remoteStream(context);
    if (remote !== undefined) {
      if (spells(place, '>')) throw NEW_IN_GROUPS;
      return relayRead(context, remote, ['XREAD', ...countOf(count), 'STREAMS', STREAM_KEY, kept(place)], timeout);
    }
    const stream = streamOf(context);
    const after = placeAfter(stream, place);
    return readOrWait(context, stream, timeout, () => readAfter(context, stream, after, count));
  },
};

export const xreadgroup: Command = {
  name: 'xreadgroup',
  summary:
    'Delivers new entries of the stream of session events to a consumer of a group, or returns those that are pending for it. With BLOCK it waits for new ones.',
  complexity: 'O(N), where N is the number of entries returned',
  group: 'stream',
  flags: ['write', 'blocking'],
  arity: -7,
  arguments: [
    { name: 'group-block', type: 'block', token: 'GROUP', arguments: [GROUP, CONSUMER] },
    COUNT,
    BLOCK,
    { name: 'noack', type: 'pure-token', token: 'NOACK', optional: true },
    STREAMS,
  ],
  reply: 'the key with an array of entries; null if there are none',
  run(context, args) {
    const options = readOptions(args, 'xreadgroup');
    if (options.reader === undefined) throw NO_GROUP_OPTION;
    const { group, consumer } = options.reader;
    const place = readPlace(context, args);
    const remote = remoteStream(context);
    if (remote !== undefined) {
      const { count, noAck, timeout } = options;
      const more = [...countOf(count), ...(noAck ? ['NOACK'] : []), 'STREAMS', STREAM_KEY, kept(place)];
      const canWait = spells(place, '>');
      return relayRead(
        context,
        remote,
        ['XREADGROUP', 'GROUP', group, consumer, ...more],
        canWait ? timeout : undefined,
      );
    }
    const stream = streamOf(context);
    groupOf(stream, group);
    const read: GroupRead = { ...options, group, consumer };
    if (spells(place, '>')) return readOrWait(context, stream, options.timeout, () => readNew(context, stream, read));
    for (const end of ['$', '+']) if (spells(place, end)) throw meaningless(end);
    return inSlices(context, writeHistory(context, stream, valid(parseId(place, 0)), read));
  },
};

const UNBALANCED = (command: string, places: string) =>
  new CodedError(
    'ERR',
    `Unbalanced '${command}' list of streams: for each stream key an ID${places} must be specified.`,
  );
const ONLY_IN_GROUPS = (option: string) =>
  new CodedError('ERR', `The ${option} option is only supported by XREADGROUP. You called XREAD instead.`);
const NO_GROUP_OPTION = new CodedError('ERR', 'Missing GROUP option for XREADGROUP');
const NEW_IN_GROUPS = new CodedError(
  'ERR',
  'The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.',
);
const ONE_STREAM = new CodedError('ERR', `${STREAM_KEY} is the only stream, so a command can read only one`);
const NO_TIMEOUT = new CodedError('ERR', 'timeout is not an integer or out of range');
const NEGATIVE_TIMEOUT = new CodedError('ERR', 'timeout is negative');

function meaningless(end: string): CodedError {
  return new CodedError(
    'ERR',
    `The ${end} ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The ${end} ID would just return an empty result set.`,
  );
}

interface Options {
  /** The most entries. */
  count: number;
  /** For how many ms to wait, 0 for as long as it takes; undefined without BLOCK. */
  timeout: number | undefined;
  /** Valid while the command waits. */
  reader: { readonly group: Slice; readonly consumer: Slice } | undefined;
  noAck: boolean;
}

interface GroupRead extends Pick<Options, 'count' | 'noAck'> {
  readonly group: Slice;
  readonly consumer: Slice;
}

/** Reads the options up to the word STREAMS, which it takes. */
function readOptions(args: Arguments, command: 'xread' | 'xreadgroup'): Options {
  const options: Options = { count: Infinity, timeout: undefined, reader: undefined, noAck: false };
  while (args.left > 0) {
    // A word that needs a value is none of the options if it is the last.
    const word = args.option(args.left > 2 ? WITH_TWO_VALUES : args.left > 1 ? WITH_A_VALUE : WITHOUT_VALUE)?.word;
    if (word === undefined) throw SYNTAX;
    if (command === 'xread' && (word === 'GROUP' || word === 'NOACK')) throw ONLY_IN_GROUPS(word);
    if (word === 'STREAMS') {
      if (args.left % 2 !== 0) throw UNBALANCED(command, command === 'xread' ? ", '+', or '$'" : " or '>'");
      return options;
    }
    if (word === 'BLOCK') options.timeout = readTimeout(args);
    else if (word === 'COUNT') options.count = Math.max(0, Number(args.int64())) || Infinity;
    else if (word === 'GROUP') options.reader = { group: kept(args.slice()), consumer: kept(args.slice()) };
    else options.noAck = true;
  }
  throw SYNTAX;
}

const WITHOUT_VALUE = [{ word: 'NOACK' }] as const;
const WITH_A_VALUE = [...WITHOUT_VALUE, { word: 'COUNT' }, { word: 'BLOCK' }, { word: 'STREAMS' }] as const;
const WITH_TWO_VALUES = [...WITH_A_VALUE, { word: 'GROUP' }] as const;

const countOf = (count: number) => (count === Infinity ? [] : ['COUNT', String(count)]);

const kept = (slice: Slice) => Slice.of(slice.copy());

function readTimeout(args: Arguments): number {
  const timeout = parseInteger(args.slice());
  if (Number.isNaN(timeout)) throw NO_TIMEOUT;
  if (timeout < 0) throw NEGATIVE_TIMEOUT;
  return timeout;
}

/** Reads the keys and the ids, which are all remaining arguments. Returns the id: there may be only one stream. */
function readPlace({ client }: Context, args: Arguments): Slice {
  const streams = args.left / 2;
  for (let i = 0; i < streams; i++) checkKey(client, args.slice());
  if (streams > 1) throw ONE_STREAM;
  return args.slice();
}

/** Returns the id after which XREAD reads. */
function placeAfter(stream: EventStream, place: Slice): EntryId {
  if (spells(place, '$')) return stream.lastId;
  if (spells(place, '>')) throw NEW_IN_GROUPS;
  if (!spells(place, '+')) return valid(parseId(place, 0));
  // Just before the last entry.
  return stream.length === 0 ? FIRST_ID : (previousId(stream.lastId) ?? FIRST_ID);
}

function groupOf(stream: EventStream, name: Slice): ConsumerGroup {
  const group = stream.group(name);
  if (group === undefined) throw noGroup(name, ' in XREADGROUP with GROUP option');
  return group;
}

/** Writes a reply in steps. */
type Writing = Generator<void, void>;

/**
 * Writes the reply if there is something to read, or waits until there is.
 * @param read Returns what writes the reply; undefined if there is nothing to read.
 */
function readOrWait(
  context: Context,
  stream: EventStream,
  timeout: number | undefined,
  read: () => Writing | undefined,
): void | Promise<void> {
  const writing = read();
  if (writing !== undefined) return inSlices(context, writing);
  const { client, reply, server } = context;
  if (timeout === undefined || client.transaction.executing) {
    reply.nullArray();
    return;
  }
  return server.readers.wait(context, stream, timeout, () => {
    const found = read();
    return found === undefined ? false : (inSlices(context, found) ?? true);
  });
}

function readAfter(context: Context, stream: EventStream, after: EntryId, count: number): Writing | undefined {
  const from = nextId(after);
  if (from === undefined || stream.length === 0 || compareIds(stream.lastId, from) < 0) return undefined;
  return writeAfter(context, stream, from, count);
}

function* writeAfter(context: Context, stream: EventStream, from: EntryId, count: number): Writing {
  writeKey(context);
  yield* entriesInSteps(context, count, passing(stream, from, LAST_ID));
}

function readNew(context: Context, stream: EventStream, read: GroupRead): Writing | undefined {
  const group = groupOf(stream, read.group);
  seeConsumer(group, read.consumer, timeOf(context));
  if (stream.length === 0 || compareIds(stream.lastId, group.lastId) <= 0) return undefined;
  return writeNew(context, stream, group, read);
}

function* writeNew(context: Context, stream: EventStream, group: ConsumerGroup, read: GroupRead): Writing {
  const { consumer, count, noAck } = read;
  const now = timeOf(context);
  // Nothing is delivered to a client that has left, or by a group that was destroyed.
  const isOver = () => context.client.gone || stream.group(read.group) !== group;
  writeKey(context);
  yield* entriesInSteps(context, count, (most, visit) =>
    isOver() ? 0 : group.read(consumer, { count: most, noAck, now }, visit),
  );
}

function* writeHistory(context: Context, stream: EventStream, after: EntryId, read: GroupRead): Writing {
  const { reply } = context;
  const { consumer, count } = read;
  const group = groupOf(stream, read.group);
  const now = timeOf(context);
  const withToken = seesToken(context);
  let last = after;
  writeKey(context);
  yield* arrayInSteps(reply, count, (most) => {
    if (stream.group(read.group) !== group) return 0;
    return group.history(consumer, last, { count: most, now }, (ms, n, content) => {
      last = { ms, n };
      writeEntry(reply, last, content, withToken);
    });
  });
}

/** Writes what precedes the entries of the stream. */
function writeKey({ reply }: Context): void {
  if (reply.protocol === 3) {
    reply.map(1);
  } else {
    reply.array(1);
    reply.array(2);
  }
  reply.bulk(STREAM_KEY);
}
