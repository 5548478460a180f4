import type { Session } from '../../engine/index.js';
import type { Context } from '../../execution/context/context.js';
import { endEach } from '../../execution/end-each.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Command } from '../declaration/command.js';
import { KEYS } from './grammar.js';
import { findKey } from './lookup.js';

/** DEL and UNLINK: the same, because memory is freed later in any case. */
function remove(name: string): Command {
  return {
    name,
    summary: 'Removes keys.',
    complexity: 'O(N), where N is the number of keys; if N is large, other commands run in between',
    group: 'generic',
    flags: name === 'unlink' ? ['write', 'fast'] : ['write'],
    arity: -2,
    arguments: [KEYS],
    reply: 'the number of keys removed',
    run(context, args) {
      return endEach(context, args, nextKey);
    },
  };
}

function nextKey({ engine }: Context, args: Arguments): Session {
  return findKey(engine, args.slice());
}

export const del = remove('del');
export const unlink = remove('unlink');
