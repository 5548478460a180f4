import { parseInt64 } from '../../engine/fields/int64.js';
import { NO_SESSION, type Session, type SessionEngine, STRING_KEY } from '../../engine/index.js';
import { CodedError } from '../../errors.js';
import type { Command } from '../declaration/command.js';
import { container } from '../declaration/container.js';
import { KEY } from './grammar.js';
import { findKey } from './lookup.js';

/** Redis stores a string of up to this many bytes together with its header. */
const EMBEDDED = 44;

/** Returns Redis' name for the closest way of storing a key. */
function encodingOf(engine: SessionEngine, session: Session): string {
  if (!engine.isString(session)) {
    const kind = engine.kindOf(session);
    if (engine.data.encoding(session) === 'hashed') return kind === 'zset' ? 'skiplist' : 'hashtable';
    return kind === 'set' && areIntegers(engine, session) ? 'intset' : 'listpack';
  }
  // `peekPart` does not count as use. Integers are shorter than EMBEDDED too.
  const value = engine.data.peekPart(session, STRING_KEY, 0, EMBEDDED + 1);
  if (value === undefined || value.length > EMBEDDED) return 'raw';
  return parseInt64(value) === undefined ? 'embstr' : 'int';
}

/** Returns whether all members of a small set are integers, which Redis then stores as such. */
function areIntegers(engine: SessionEngine, session: Session): boolean {
  let are = true;
  engine.data.forEachKey(session, (member) => {
    are &&= parseInt64(member) !== undefined;
  });
  return are;
}

const encoding: Command = {
  name: 'encoding',
  summary: 'Returns how a key is stored internally.',
  complexity: 'O(1)',
  group: 'generic',
  flags: ['readonly'],
  arity: 3,
  arguments: [{ ...KEY, use: 'RO' }],
  reply:
    'int, embstr or raw; intset or listpack (everything in one block of bytes); hashtable or skiplist; stream; null if there is no such key',
  run({ client, engine, reply, server }, args) {
    if (args.streamKey(client)) {
      reply.bulkOrNull(server.eventStream === undefined ? undefined : 'stream');
      return;
    }
    const session = findKey(engine, args.key(client));
    if (session === NO_SESSION) reply.null();
    else reply.bulk(encodingOf(engine, session));
  },
};

const idletime: Command = {
  name: 'idletime',
  summary: 'Returns the time since a key was last used.',
  complexity: 'O(1)',
  group: 'generic',
  flags: ['readonly'],
  arity: 3,
  arguments: [{ ...KEY, use: 'RO' }],
  reply: 'seconds; null if there is no such key',
  run({ client, engine, reply }, args) {
    const session = findKey(engine, args.key(client));
    if (session === NO_SESSION) reply.null();
    else reply.integer(Math.floor(engine.idleTime(session) / 1000));
  },
};

const refcount: Command = {
  name: 'refcount',
  summary: 'Returns how many references a key has: always one.',
  complexity: 'O(1)',
  group: 'generic',
  flags: ['readonly'],
  arity: 3,
  arguments: [{ ...KEY, use: 'RO' }],
  reply: '1; null if there is no such key',
  run({ client, engine, reply }, args) {
    if (findKey(engine, args.key(client)) === NO_SESSION) reply.null();
    else reply.integer(1);
  },
};

const NO_FREQUENCIES =
  'An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.';

const freq: Command = {
  name: 'freq',
  summary: 'Refused, because no policy of eviction counts how often keys are used.',
  complexity: 'O(1)',
  group: 'generic',
  flags: ['readonly'],
  arity: 3,
  arguments: [{ ...KEY, use: 'RO' }],
  reply: 'an error; null if there is no such key',
  run({ client, engine, reply }, args) {
    if (findKey(engine, args.key(client)) !== NO_SESSION) throw new CodedError('ERR', NO_FREQUENCIES);
    reply.null();
  },
};

export const object = container('object', 'generic', 'A container for commands about how keys are stored.', [
  encoding,
  freq,
  idletime,
  refcount,
]);
