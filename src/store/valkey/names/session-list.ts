import type { Slice } from '../../../slice.js';
import { INVALID_CURSOR } from '../../invalid-cursor.js';
import type { ListedSession, Listing, SessionPage } from '../../session-store.js';
import { createdIn } from '../addressing/member.js';
import type { OriginIds } from '../addressing/origin-ids.js';
import { LISTED } from '../library/constants.js';
import { integerOf, listOf, named, timeLeftOf } from '../library/replies.js';
import type { Reply } from '../nodes/nodes.js';
import type { NameIndexes } from './name-indexes.js';

/** How many sessions are read at a time. */
const PAGE = 64;
/** A page with this many bytes of keys and values ends early. */
const MAX_BYTES = 2 ** 20;

/** A cursor: when the last session of the page was created, in unix µs. */
const CURSOR = /^\d{1,16}$/;

/** Returns where a page starts. @throws CodedError if the cursor is invalid. */
export function startOf(cursor: Slice | undefined): string {
  const text = cursor?.latin1() ?? '0';
  if (!CURSOR.test(text)) throw INVALID_CURSOR;
  return text;
}

/** Returns a page of the sessions with a name, oldest first. */
export async function sessionList(
  names: NameIndexes,
  ids: OriginIds,
  name: Buffer,
  start: string,
  listing: Listing,
): Promise<SessionPage> {
  const args = [listing.sizes ? 1 : 0, ...listing.keys];
  const sessions: ListedSession[] = [];
  let bytes = 0;
  for (let after = start; ; ) {
    const most = Math.min(PAGE, listing.count - sessions.length);
    // One entry more, to know whether there are any after the page.
    const page = await names.page(name, after, most + 1);
    const entries = page.slice(0, most);
    const details = await names.details(entries, args);
    const publicIds = ids.ofAll(entries);
    for (const [i, found] of details.entries()) {
      if (found === null) continue;
      const session = listed(publicIds[i], createdIn(entries[i]), found, listing);
      bytes += shownBytes(session);
      sessions.push(session);
    }
    if (page.length <= most) return { cursor: '0', sessions };
    after = createdIn(entries[most - 1]);
    if (sessions.length === listing.count || bytes >= MAX_BYTES) return { cursor: after, sessions };
  }
}

function listed(id: string, created: string, details: Reply, listing: Listing): ListedSession {
  const { lastUsed, timeLeft, bytes, keys, sizes, values } = named(LISTED, details);
  return {
    id,
    created: Math.floor(Number(created) / 1000),
    lastUsed: integerOf(lastUsed),
    timeLeft: timeLeftOf(timeLeft),
    bytes: integerOf(bytes),
    keys: integerOf(keys),
    sizes: listing.sizes ? sizesOf(listOf(sizes)) : undefined,
    values: listing.keys.length === 0 ? undefined : valuesOf(listing.keys, listOf(values)),
  };
}

function sizesOf(reply: readonly Reply[]): { key: Buffer; length: number }[] {
  const sizes: { key: Buffer; length: number }[] = [];
  for (let i = 0; i < reply.length; i += 2) sizes.push({ key: reply[i] as Buffer, length: integerOf(reply[i + 1]) });
  return sizes;
}

function valuesOf(keys: readonly Slice[], values: readonly Reply[]): { key: Buffer; value: Buffer | undefined }[] {
  return keys.map((key, i) => ({ key: key.copy(), value: (values[i] as Buffer | null) ?? undefined }));
}

/** Returns how many bytes of a session's keys and values the page shows. */
function shownBytes({ sizes = [], values = [] }: ListedSession): number {
  let bytes = 0;
  for (const { key } of sizes) bytes += key.length;
  for (const { key, value } of values) bytes += key.length + (value?.length ?? 0);
  return bytes;
}
