import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEYS } from './grammar.js';
import { findKey } from './lookup.js';

/** DEL and UNLINK: the same act, since memory is given back later anyway. */
function remove(name: string): Command {
  return {
    name,
    summary: 'Removes keys: ends the sessions that they are.',
    complexity: 'O(N) with N keys',
    group: 'generic',
    flags: name === 'unlink' ? ['write', 'fast'] : ['write'],
    arity: -2,
    arguments: [KEYS],
    reply: 'how many were removed',
    run({ engine, reply }, args) {
      let removed = 0;
      while (args.left > 0) {
        const session = findKey(engine, args.slice());
        if (session === NO_SESSION) continue;
        engine.end(session);
        removed++;
      }
      reply.integer(removed);
    },
  };
}

export const del = remove('del');
export const unlink = remove('unlink');
