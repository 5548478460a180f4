import { NO_SESSION, type Session, type SessionEngine } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY } from './grammar.js';
import { readKey } from './lookup.js';

/** Returns Redis' name for the type of a key. */
export function typeOf(engine: SessionEngine, session: Session): 'string' | 'hash' {
  return engine.isString(session) ? 'string' : 'hash';
}

export const type: Command = {
  name: 'type',
  summary: 'Returns the type of a key.',
  complexity: 'O(1)',
  group: 'generic',
  flags: ['readonly', 'fast'],
  arity: 2,
  arguments: [KEY],
  reply: 'string, hash, or none if there is no such key',
  run(context, args) {
    const session = readKey(context, args.key(context.client));
    context.reply.simple(session === NO_SESSION ? 'none' : typeOf(context.engine, session));
  },
};
