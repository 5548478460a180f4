import { PublicIdSet } from '../../engine/index.js';
import type { Context } from '../../execution/context/context.js';
import { forEachInSlices, inSlices } from '../../execution/in-slices.js';
import type { Slice } from '../../slice.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Command } from '../declaration/command.js';
import { NAME } from './grammar.js';

export const sessionEndid: Command = {
  name: 'session.endid',
  summary: 'Ends those sessions with a name that have one of the public ids ("log out this device").',
  complexity:
    'O(N+M), where N is the number of sessions with the name and M the number of ids; if they are large, other commands run in between',
  group: 'session',
  flags: ['write'],
  arity: -3,
  arguments: [NAME, { name: 'id', type: 'string', multiple: true }],
  reply: 'the number of sessions ended',
  run(context, args) {
    args.own();
    return inSlices(context, endById(context, args.slice(), args));
  },
};

function* endById({ engine, reply }: Context, name: Slice, args: Arguments): Generator<void> {
  const ids = new PublicIdSet();
  yield* forEachInSlices(args.rest(), (id) => ids.add(id));
  reply.integer(yield* engine.endingById(name, ids));
}
