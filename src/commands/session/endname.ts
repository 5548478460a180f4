import type { Context } from '../../execution/context/context.js';
import { inSlices } from '../../execution/in-slices.js';
import { Slice } from '../../slice.js';
import type { Command } from '../declaration/command.js';
import { NAME } from './grammar.js';

export const sessionEndname: Command = {
  name: 'session.endname',
  summary: 'Ends all sessions with a name ("log out everywhere").',
  complexity: 'O(N), where N is the number of sessions with the name; if N is large, other commands run in between',
  group: 'session',
  flags: ['write'],
  arity: 2,
  arguments: [NAME],
  reply: 'the number of sessions ended',
  run(context, args) {
    const name = args.slice();
    const ended = context.engine.endFew(name);
    if (ended !== undefined) return context.reply.integer(ended);
    return inSlices(context, endMany(context, Slice.of(name.copy())));
  },
};

function* endMany({ engine, reply }: Context, name: Slice): Generator<void> {
  reply.integer(yield* engine.endingName(name));
}
