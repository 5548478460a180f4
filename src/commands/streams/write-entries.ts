import type { Context } from '../../execution/context/context.js';
import type { ReplyEncoder } from '../../resp/reply-encoder.js';
import type { Slice } from '../../slice.js';
import { type EntryId, idText, nextId, previousId } from '../../stream/entry-id.js';
import type { EntryVisitor } from '../../stream/entry-log.js';
import { EventEntry } from '../../stream/event-entry.js';
import type { EventStream } from '../../stream/event-stream.js';
import { PERMISSIONS } from '../declaration/permission.js';

/** Passes entries to a visitor, one by one. */
export type VisitAll = (visit: EntryVisitor) => unknown;

/** Writes an array of the entries that are visited: id and fields of each. Returns how many there were. */
export function writeEntries(context: Context, visitAll: VisitAll): number {
  const { reply } = context;
  const withToken = seesToken(context);
  return writeEach(reply, visitAll, (ms, n, content) => writeEntry(reply, { ms, n }, content, withToken));
}

/** Passes up to `count` entries to a visitor: those after the ones it has passed before. Returns how many. */
export type PassNext = (count: number, visit: EntryVisitor) => number;

/** How many entries are written between two readings of the clock. */
const STEP = 32;

/**
 * Writes an array of up to `count` items in steps, between which other clients are served.
 * @param writeNext Writes up to `most` items, those after the ones that it has written before. Returns how many.
 * @returns How many there were.
 */
export function* arrayInSteps(
  reply: ReplyEncoder,
  count: number,
  writeNext: (most: number) => number,
): Generator<void, number> {
  const start = reply.written;
  let items = 0;
  for (let isMore = true; isMore; ) {
    const most = Math.min(STEP, count - items);
    const written = writeNext(most);
    items += written;
    isMore = written === most && items < count;
    if (isMore) yield;
  }
  reply.before(start, () => reply.array(items));
  return items;
}

/** Like `writeEntries`, for up to `count` entries in steps. */
export function entriesInSteps(context: Context, count: number, passNext: PassNext): Generator<void, number> {
  const { reply } = context;
  const withToken = seesToken(context);
  const write: EntryVisitor = (ms, n, content) => writeEntry(reply, { ms, n }, content, withToken);
  return arrayInSteps(reply, count, (most) => passNext(most, write));
}

/** Returns what passes the entries from one id to another, both included. */
export function passing(stream: EventStream, from: EntryId, to: EntryId): PassNext {
  let next: EntryId | undefined = from;
  return (count, visit) => {
    if (next === undefined) return 0;
    return stream.range(next, to, count, (ms, n, content) => {
      next = nextId({ ms, n });
      visit(ms, n, content);
    });
  };
}

/** Like `passing`, from a later id back to an earlier one. */
export function passingBack(stream: EventStream, from: EntryId, to: EntryId): PassNext {
  let next: EntryId | undefined = from;
  return (count, visit) => {
    if (next === undefined) return 0;
    return stream.rangeBack(next, to, count, (ms, n, content) => {
      next = previousId({ ms, n });
      visit(ms, n, content);
    });
  };
}

/** Like `writeEntries`, with the ids alone. */
export function writeIds({ reply }: Context, visitAll: VisitAll): number {
  return writeEach(reply, visitAll, (ms, n) => reply.latin1(idText({ ms, n })));
}

function writeEach(reply: ReplyEncoder, visitAll: VisitAll, write: EntryVisitor): number {
  const start = reply.written;
  let entries = 0;
  visitAll((ms, n, content) => {
    entries++;
    write(ms, n, content);
  });
  reply.before(start, () => reply.array(entries));
  return entries;
}

/** Returns whether a client may see tokens. They are credentials, so only clients that may read sessions get them. */
export function seesToken({ client }: Context): boolean {
  return ((client.user?.permissions ?? 0) & PERMISSIONS.read) !== 0;
}

/** Writes an entry: its id, and its fields or null if it is no longer in the stream. */
export function writeEntry(reply: ReplyEncoder, id: EntryId, content: Slice | undefined, withToken: boolean): void {
  reply.array(2);
  reply.latin1(idText(id));
  if (content === undefined) {
    reply.nullArray();
    return;
  }
  entry.read(content);
  reply.array(2 * entry.fieldCount(withToken));
  entry.forEachField(withToken, (field, value) => {
    reply.bulk(field);
    reply.bulk(value);
  });
}

/** Reads the entries, one after the other. */
const entry = new EventEntry();
