import { type KeyName, NO_SESSION } from '../../engine/index.js';
import type { Context } from '../../execution/context/context.js';
import { inSlices } from '../../execution/in-slices.js';
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
    arguments: [{ ...KEYS, use: 'RM delete' }],
    reply: 'the number of keys removed',
    run(context, args) {
      const { client, engine, reply } = context;
      if (args.left > 1) {
        args.own();
        return inSlices(context, removeMany(context, args.keys(client)));
      }
      const key = findKey(engine, args.key(client));
      if (key !== NO_SESSION) engine.end(key);
      reply.integer(key === NO_SESSION ? 0 : 1);
    },
  };
}

function* removeMany({ engine, reply }: Context, keys: readonly KeyName[]): Generator<void, void> {
  reply.integer(yield* endEach(engine, keys, findKey));
}

export const del = remove('del');
export const unlink = remove('unlink');
