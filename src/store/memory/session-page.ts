import type { Clock, NameWalk, Place, Session, SessionEngine } from '../../engine/index.js';
import type { Slice } from '../../slice.js';
import { INVALID_CURSOR } from '../invalid-cursor.js';
import { type ListedSession, type Listing, type SessionPage, SHOWN_SIZES } from '../session-store.js';

/** A page that has taken this many ms, or has this many bytes of keys and values, ends early. */
const MAX_MS = 2;
const MAX_BYTES = 2 ** 20;
/** How many sessions are looked at between two readings of the clock. */
const BATCH = 16;

/**
 * Returns a page of the sessions with a name, oldest first. Stops in between only while it has found no session,
 * because a session that it has found is valid until then.
 * @param name Must stay valid until the work is done.
 * @throws CodedError if the cursor is invalid.
 */
export function sessionPage(
  engine: SessionEngine,
  clock: Clock,
  name: Slice,
  listing: Listing,
): Generator<void, SessionPage> {
  const from = listing.cursor && placeOf(listing.cursor);
  return page(engine, clock, engine.walk(name, from), listing);
}

function* page(engine: SessionEngine, clock: Clock, walk: NameWalk, listing: Listing): Generator<void, SessionPage> {
  const found: Session[] = [];
  let bytes = 0;
  let isMore = true;
  const add = (session: Session) => {
    found.push(session);
    bytes += shownBytes(engine, session, listing);
    return found.length < listing.count && bytes < MAX_BYTES;
  };
  for (let until = clock.now() + MAX_MS; ; ) {
    isMore = walk.step(BATCH, add);
    if (!isMore || found.length === listing.count || bytes >= MAX_BYTES) break;
    if (found.length === 0) yield;
    else if (clock.now() >= until) break;
  }
  const ids = engine.ids(found);
  return {
    cursor: isMore ? cursorOf(walk.place) : '0',
    sessions: found.map((session, i) => listed(engine, session, ids[i], listing)),
  };
}

/** Returns how many bytes of a session's keys and values the page shows. */
function shownBytes({ data }: SessionEngine, session: Session, { sizes, keys }: Listing): number {
  let bytes = 0;
  for (const key of keys) bytes += key.length + data.peekLength(session, key);
  if (sizes) {
    data.peekSome(session, 0, SHOWN_SIZES, (key) => {
      bytes += key.length;
    });
  }
  return bytes;
}

function listed(engine: SessionEngine, session: Session, id: string, listing: Listing): ListedSession {
  const { data } = engine;
  const { keys } = listing;
  return {
    id,
    created: Math.floor(engine.created(session)),
    lastUsed: engine.lastUsed(session),
    timeLeft: engine.timeLeft(session),
    bytes: data.size(session),
    keys: data.count(session),
    sizes: listing.sizes ? sizesOf(engine, session) : undefined,
    values:
      keys.length === 0
        ? undefined
        : keys.map((key) => ({ key: key.copy(), value: data.peekValue(session, key)?.copy() })),
  };
}

function sizesOf({ data }: SessionEngine, session: Session): { key: Buffer; length: number }[] {
  const sizes: { key: Buffer; length: number }[] = [];
  data.peekSome(session, 0, SHOWN_SIZES, (key, length) => sizes.push({ key: key.copy(), length }));
  return sizes;
}

/** A cursor: when the next session was created, in unix µs, and its slot. */
const CURSOR = /^(\d{1,16}):(\d{1,9})$/;

function cursorOf({ created, slot }: Place): string {
  return `${Math.round(created * 1000)}:${slot}`;
}

/** Returns undefined for the first page. @throws CodedError if the cursor is invalid. */
function placeOf(cursor: Slice): Place | undefined {
  const text = cursor.latin1();
  if (text === '0') return undefined;
  const [, created, slot] = CURSOR.exec(text) ?? [];
  if (slot === undefined) throw INVALID_CURSOR;
  return { created: Number(created) / 1000, slot: Number(slot) };
}
