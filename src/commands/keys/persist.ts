import { type KeyName, NO_SESSION, type Session } from '../../engine/index.js';
import type { Context } from '../../execution/context/context.js';
import type { Command } from '../declaration/command.js';
import { KEY } from './grammar.js';
import { findKey } from './lookup.js';

/** Removes a key's expiration. Returns whether it had one. */
export function persistKey({ engine, server }: Context, key: KeyName, session: Session): boolean {
  if (engine.duration(session) === 0) return false;
  engine.setDuration(session, 0);
  server.keyspaceEvents.notify('g', 'persist', key);
  return true;
}

export const persist: Command = {
  name: 'persist',
  summary: 'Removes the expiration of a key.',
  complexity: 'O(1)',
  group: 'generic',
  flags: ['write', 'fast'],
  arity: 2,
  arguments: [{ ...KEY, use: 'RW update' }],
  reply: '1; 0 if there is no such key or it does not expire',
  run(context, args) {
    const key = args.key(context.client);
    const session = findKey(context.engine, key);
    context.reply.integer(session !== NO_SESSION && persistKey(context, key, session) ? 1 : 0);
  },
};
