import { MAX_SECONDS, type NameWalk, type Place, type Session, type SessionEngine } from '../../engine/index.js';
import { CodedError } from '../../errors.js';
import type { Context } from '../../execution/context/context.js';
import { inSlices } from '../../execution/in-slices.js';
import type { Slice } from '../../slice.js';
import { type Option, orOptions, readOptions } from '../arguments/options.js';
import type { Command } from '../declaration/command.js';
import { NAME } from './grammar.js';
import { milliseconds } from './time-left.js';

/** A page has at most this many sessions, whatever COUNT says. */
const MOST = 1000;
/** A page that has taken this many ms, or has this many bytes of keys and values, ends early. */
const MAX_MS = 2;
const MAX_BYTES = 2 ** 20;
/** How many sessions are looked at between two readings of the clock. */
const BATCH = 16;
/** About how many keys of a session SIZES shows. */
const SIZES = 64;

export const sessionList: Command = {
  name: 'session.list',
  summary:
    'Returns the sessions with a name, page by page. Shows their public ids, not their tokens. Does not extend the sessions.',
  complexity:
    'O(COUNT) for each call; O(N), where N is the number of sessions with the name, if the session at the cursor has ended; then other commands run in between',
  group: 'session',
  flags: ['readonly'],
  arity: -2,
  arguments: [
    NAME,
    { name: 'cursor', type: 'string', token: 'CURSOR', optional: true },
    { name: 'count', type: 'integer', token: 'COUNT', optional: true },
    { name: 'sizes', type: 'pure-token', token: 'SIZES', optional: true },
    { name: 'key', type: 'string', token: 'KEYS', optional: true, multiple: true },
  ],
  reply: `[next cursor, [map, …]], the oldest session first; the cursor is 0 at the end. Each map: id, created (unix ms), lastUsed (unix ms; -1 if not since the server started), pttl (ms; -1 if no deadline is pending), bytes, keys (their number); with SIZES also sizes (map from key to the length of its value in bytes; of a session with very many keys, about ${SIZES}); with KEYS also values (map from each given key to its value, or null)`,
  run(context, args) {
    args.own();
    const name = args.slice();
    const listing: Listing = { from: undefined, count: 10, sizes: false, keys: [] };
    readOptions(args, OPTIONS, OR_OPTIONS, listing);
    return inSlices(context, list(context, context.engine.walk(name, listing.from), listing));
  },
};

interface Listing {
  /** Where the page starts. */
  from: Place | undefined;
  count: number;
  sizes: boolean;
  /** The keys whose values to show. */
  keys: readonly Slice[];
}

const OPTIONS: readonly Option<Listing>[] = [
  {
    word: 'CURSOR',
    read(listing, args) {
      listing.from = placeOf(args.slice());
    },
  },
  {
    word: 'COUNT',
    read(listing, args) {
      listing.count = Math.min(args.integer(1, MAX_SECONDS, { name: 'COUNT' }), MOST);
    },
  },
  {
    word: 'SIZES',
    read(listing) {
      listing.sizes = true;
    },
  },
  {
    // All arguments that follow are keys.
    word: 'KEYS',
    read(listing, args) {
      listing.keys = [args.slice(), ...args.rest()];
    },
  },
];

const OR_OPTIONS = orOptions(OPTIONS);

/**
 * Replies with a page. Lets others be served only while it has found no session, because a session that it has found is
 * valid until then.
 */
function* list({ engine, reply, server }: Context, walk: NameWalk, listing: Listing): Generator<void> {
  const found: Session[] = [];
  let bytes = 0;
  let isMore = true;
  const add = (session: Session) => {
    found.push(session);
    bytes += shownBytes(engine, session, listing);
    return found.length < listing.count && bytes < MAX_BYTES;
  };
  for (let until = server.clock.now() + MAX_MS; ; ) {
    isMore = walk.step(BATCH, add);
    if (!isMore || found.length === listing.count || bytes >= MAX_BYTES) break;
    if (found.length === 0) yield;
    else if (server.clock.now() >= until) break;
  }
  reply.array(2);
  reply.bulk(isMore ? cursorOf(walk.place) : '0');
  reply.array(found.length);
  const ids = engine.ids(found);
  for (const [i, session] of found.entries()) writeSession({ engine, reply }, session, ids[i], listing);
}

/** Returns how many bytes of a session's keys and values the page shows. */
function shownBytes(engine: SessionEngine, session: Session, { sizes, keys }: Listing): number {
  let bytes = 0;
  for (const key of keys) bytes += key.length + engine.data.peekLength(session, key);
  if (sizes) {
    engine.data.peekSome(session, 0, SIZES, (key) => {
      bytes += key.length;
    });
  }
  return bytes;
}

function writeSession(
  { engine, reply }: Pick<Context, 'engine' | 'reply'>,
  session: Session,
  id: string,
  listing: Listing,
): void {
  const { data } = engine;
  const { sizes, keys } = listing;
  reply.map(6 + (sizes ? 1 : 0) + (keys.length > 0 ? 1 : 0));
  reply.latin1('id');
  reply.latin1(id);
  reply.latin1('created');
  reply.integer(Math.floor(engine.created(session)));
  reply.latin1('lastUsed');
  reply.integer(engine.lastUsed(session));
  reply.latin1('pttl');
  reply.integer(milliseconds(engine.timeLeft(session)));
  reply.latin1('bytes');
  reply.integer(data.size(session));
  reply.latin1('keys');
  reply.integer(data.count(session));
  if (sizes) {
    const shown: { key: Buffer; length: number }[] = [];
    data.peekSome(session, 0, SIZES, (key, length) => shown.push({ key: key.copy(), length }));
    reply.latin1('sizes');
    reply.map(shown.length);
    for (const { key, length } of shown) {
      reply.bulk(key);
      reply.integer(length);
    }
  }
  if (keys.length > 0) {
    reply.latin1('values');
    reply.map(keys.length);
    for (const key of keys) {
      reply.bulk(key);
      reply.bulkOrNull(data.peekValue(session, key));
    }
  }
}

/** A cursor: when the next session was created, in unix µs, and its slot. */
const CURSOR = /^(\d{1,16}):(\d{1,9})$/;

function cursorOf({ created, slot }: Place): string {
  return `${Math.round(created * 1000)}:${slot}`;
}

/** @throws CodedError invalid cursor. */
function placeOf(cursor: Slice): Place | undefined {
  const text = cursor.latin1();
  if (text === '0') return undefined;
  const [, created, slot] = CURSOR.exec(text) ?? [];
  if (slot === undefined) {
    throw new CodedError('ERR', 'invalid cursor: CURSOR must be 0 or a cursor that SESSION.LIST returned');
  }
  return { created: Number(created) / 1000, slot: Number(slot) };
}
