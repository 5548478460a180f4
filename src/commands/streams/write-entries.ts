import type { Context } from '../../execution/context/context.js';
import type { ReplyEncoder } from '../../resp/reply-encoder.js';
import type { Slice } from '../../slice.js';
import { type EntryId, idText } from '../../stream/entry-id.js';
import type { EntryVisitor } from '../../stream/entry-log.js';
import { EventEntry } from '../../stream/event-entry.js';
import { PERMISSIONS } from '../declaration/permission.js';

/** Passes entries to a visitor, one by one. */
export type VisitAll = (visit: EntryVisitor) => unknown;

/** Writes an array of the entries that are visited: id and fields of each. Returns how many there were. */
export function writeEntries(context: Context, visitAll: VisitAll): number {
  const { reply } = context;
  const withToken = seesToken(context);
  return writeEach(reply, visitAll, (ms, n, content) => writeEntry(reply, { ms, n }, content, withToken));
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

/** Returns whether a client may see tokens. They are credentials, so only who may read sessions gets them. */
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
