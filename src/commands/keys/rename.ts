import { type KeyName, NO_SESSION } from '../../engine/index.js';
import { CodedError } from '../../errors.js';
import type { Context } from '../../execution/context/context.js';
import type { Argument, Command } from '../declaration/command.js';
import { KEY } from './grammar.js';
import { findKey, isKey } from './lookup.js';

// RENAME and RENAMENX.

const OLD_KEY: Argument = { ...KEY, use: 'RW access delete' };
const NEW_KEY: Argument = { name: 'newkey', type: 'key', use: 'OW update' };

/**
 * Renames a key. Returns false, and does nothing, if the new name is taken and `mayReplace` is not set.
 * @throws CodedError no such key.
 */
function renameKey({ engine, server }: Context, key: KeyName, newKey: KeyName, mayReplace: boolean): boolean {
  const session = findKey(engine, key);
  if (session === NO_SESSION) throw new CodedError('ERR', 'no such key');
  if (newKey.equals(key)) return mayReplace;
  const taken = engine.findShared(newKey);
  if (isKey(engine, taken) && !mayReplace) return false;
  if (taken !== NO_SESSION) engine.replace(taken);
  engine.rename(session, newKey);
  server.keyspaceEvents.notify('g', 'rename_from', key);
  server.keyspaceEvents.notify('g', 'rename_to', newKey);
  return true;
}

export const rename: Command = {
  name: 'rename',
  summary: 'Renames a key, replacing any key that already has the new name.',
  complexity:
    'O(M), where M is the number of younger sessions with the new name; with a journal O(N + M), where N is the number of fields',
  group: 'generic',
  flags: ['write'],
  arity: 3,
  arguments: [OLD_KEY, NEW_KEY],
  reply: 'OK',
  run(context, args) {
    renameKey(context, args.key(context.client), args.key(context.client), true);
    context.reply.ok();
  },
};

export const renamenx: Command = {
  name: 'renamenx',
  summary: 'Renames a key, but only if no key has the new name.',
  complexity:
    'O(M), where M is the number of younger sessions with the new name; with a journal O(N + M), where N is the number of fields',
  group: 'generic',
  flags: ['write', 'fast'],
  arity: 3,
  arguments: [OLD_KEY, { ...NEW_KEY, use: 'OW insert' }],
  reply: '1; 0 if the new name is taken',
  run(context, args) {
    context.reply.integer(renameKey(context, args.key(context.client), args.key(context.client), false) ? 1 : 0);
  },
};
