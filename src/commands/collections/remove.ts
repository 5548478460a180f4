import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { endIfEmpty, findKind } from '../keys/lookup.js';
import { type Collection, HASH, SET, SORTED_SET } from './collection.js';

// HDEL, SREM and ZREM.

function removing(command: string, { kind, group, event, name, item }: Collection, complexity: string): Command {
  return {
    name: command,
    summary: `Removes ${item}s from ${name}. Removes the key if no ${item}s remain.`,
    complexity,
    group,
    flags: ['write', 'fast'],
    arity: -3,
    arguments: [
      { ...KEY, use: 'RW delete' },
      { name: item, type: 'string', multiple: true },
    ],
    reply: `the number of ${item}s removed`,
    run(context, args) {
      const { client, engine, reply, server } = context;
      const { data } = engine;
      const key = args.key(client);
      const session = findKind(engine, key, kind);
      let removed = 0;
      if (session !== NO_SESSION) {
        removed = kind === 'hash' ? data.delete(session, args.rest()) : data.removeMembers(session, args.rest());
      }
      if (removed > 0) {
        server.keyspaceEvents.notify(event, command, key);
        endIfEmpty(context, key, session);
      }
      reply.integer(removed);
    },
  };
}

export const hdel = removing('hdel', HASH, 'O(N), where N is the number of fields given');
export const srem = removing('srem', SET, 'O(N), where N is the number of members given');
export const zrem = removing(
  'zrem',
  SORTED_SET,
  'O(M * log N), where M is the number of members given and N the number of members',
);
