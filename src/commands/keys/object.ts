import { parseInt64 } from '../../engine/fields/int64.js';
import { NO_SESSION, type Session, type SessionEngine, STRING_KEY } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY } from './grammar.js';
import { findKey } from './lookup.js';

/** Up to so many bytes Redis keeps a string in one piece with its header. */
const EMBEDDED = 44;

/** How a key is kept, in Redis' words for what comes closest. */
function encodingOf(engine: SessionEngine, session: Session): string {
  if (!engine.isString(session)) return engine.data.encoding(session) === 'packed' ? 'listpack' : 'hashtable';
  // Looking is not using. An integer is shorter than that as well.
  const value = engine.data.peekPart(session, STRING_KEY, 0, EMBEDDED + 1);
  if (value === undefined || value.length > EMBEDDED) return 'raw';
  return parseInt64(value) === undefined ? 'embstr' : 'int';
}

const encoding: Command = {
  name: 'encoding',
  summary: 'Tells how a key is kept.',
  complexity: 'O(1)',
  group: 'generic',
  flags: ['readonly'],
  arity: 3,
  arguments: [KEY],
  reply: 'int, embstr, raw, listpack (fields in one run of bytes) or hashtable; null without such a key',
  run({ engine, reply }, args) {
    const session = findKey(engine, args.slice());
    if (session === NO_SESSION) reply.null();
    else reply.bulk(encodingOf(engine, session));
  },
};

const idletime: Command = {
  name: 'idletime',
  summary: 'Tells how long ago a key was last used.',
  complexity: 'O(1)',
  group: 'generic',
  flags: ['readonly'],
  arity: 3,
  arguments: [KEY],
  reply: 'seconds; null without such a key',
  run({ engine, reply }, args) {
    const session = findKey(engine, args.slice());
    if (session === NO_SESSION) reply.null();
    else reply.integer(Math.floor(engine.idleTime(session) / 1000));
  },
};

export const object: Command = {
  name: 'object',
  summary: 'Commands that look at how keys are kept.',
  complexity: 'depends on the subcommand',
  group: 'generic',
  flags: [],
  arity: -2,
  arguments: [],
  reply: 'depends on the subcommand',
  subcommands: [encoding, idletime],
};
