import { endEach } from '../../execution/end-each.js';
import type { Command } from '../declaration/command.js';
import { KEYS } from './grammar.js';
import { findKey } from './lookup.js';

/** DEL and UNLINK: the same, because memory is given back later anyway. */
function remove(name: string): Command {
  return {
    name,
    summary: 'Removes keys: ends the sessions that they are.',
    complexity: 'O(N) with N keys; if N is large, other commands run in between',
    group: 'generic',
    flags: name === 'unlink' ? ['write', 'fast'] : ['write'],
    arity: -2,
    arguments: [KEYS],
    reply: 'how many were removed',
    run(context, args) {
      return endEach(context, args, () => findKey(context.engine, args.slice()));
    },
  };
}

export const del = remove('del');
export const unlink = remove('unlink');
