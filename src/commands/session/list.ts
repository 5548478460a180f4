import { MAX_SECONDS } from '../../engine/index.js';
import type { ReplyEncoder } from '../../resp/reply-encoder.js';
import { type ListedSession, type Listing, SHOWN_SIZES } from '../../store/session-store.js';
import { type Option, orOptions, readOptions } from '../arguments/options.js';
import { sessionCommand } from '../declaration/session-command.js';
import { NAME } from './grammar.js';
import { milliseconds } from './time-left.js';

/** A page has at most this many sessions, whatever COUNT says. */
const MOST = 1000;

export const sessionList = sessionCommand({
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
  reply: `[next cursor, [map, …]], the oldest session first; the cursor is 0 at the end. Each map: id, created (unix ms), lastUsed (unix ms; -1 if not since the server started), pttl (ms; -1 if no deadline is pending), bytes, keys (their number); with SIZES also sizes (map from key to the length of its value in bytes; of a session with very many keys, about ${SHOWN_SIZES}); with KEYS also values (map from each given key to its value, or null)`,
  inSteps: true,
  ask(store, args) {
    args.own();
    const name = args.slice();
    const listing: Writable = { cursor: undefined, count: 10, sizes: false, keys: [] };
    readOptions(args, OPTIONS, OR_OPTIONS, listing);
    return store.list(name, listing);
  },
  write(reply, { cursor, sessions }) {
    reply.array(2);
    reply.bulk(cursor);
    reply.array(sessions.length);
    for (const session of sessions) writeSession(reply, session);
  },
});

type Writable = { -readonly [Key in keyof Listing]: Listing[Key] };

const OPTIONS: readonly Option<Writable>[] = [
  {
    word: 'CURSOR',
    read(listing, args) {
      listing.cursor = args.slice();
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

function writeSession(reply: ReplyEncoder, session: ListedSession): void {
  const { sizes, values } = session;
  reply.map(6 + (sizes === undefined ? 0 : 1) + (values === undefined ? 0 : 1));
  reply.latin1('id');
  reply.latin1(session.id);
  reply.latin1('created');
  reply.integer(session.created);
  reply.latin1('lastUsed');
  reply.integer(session.lastUsed);
  reply.latin1('pttl');
  reply.integer(milliseconds(session.timeLeft));
  reply.latin1('bytes');
  reply.integer(session.bytes);
  reply.latin1('keys');
  reply.integer(session.keys);
  if (sizes !== undefined) {
    reply.latin1('sizes');
    reply.map(sizes.length);
    for (const { key, length } of sizes) {
      reply.bulk(key);
      reply.integer(length);
    }
  }
  if (values !== undefined) {
    reply.latin1('values');
    reply.map(values.length);
    for (const { key, value } of values) {
      reply.bulk(key);
      reply.bulkOrNull(value);
    }
  }
}
