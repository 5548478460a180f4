import { NO_SESSION } from '../../engine/index.js';
import type { Context } from '../../execution/context/context.js';
import { inSlices } from '../../execution/in-slices.js';
import type { Slice } from '../../slice.js';
import { endEach } from '../../store/memory/end-each.js';
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
      const { engine, reply } = context;
      if (args.left > 1) {
        args.own();
        return inSlices(context, removeMany(context, args.rest()));
      }
      const key = findKey(engine, args.slice());
      if (key !== NO_SESSION) engine.end(key);
      reply.integer(key === NO_SESSION ? 0 : 1);
    },
  };
}

function* removeMany({ engine, reply }: Context, keys: readonly Slice[]): Generator<void, void> {
  reply.integer(yield* endEach(engine, keys, findKey));
}

export const del = remove('del');
export const unlink = remove('unlink');
