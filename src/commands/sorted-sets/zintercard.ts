import type { Command } from '../declaration/command.js';
import { numberedKeys } from '../keys/grammar.js';
import { countCommon, LIMIT, readLimit } from '../sets/count-common.js';
import { errorsOf, readSources } from './sources.js';

const ERRORS = errorsOf('zintercard');

export const zintercard: Command = {
  name: 'zintercard',
  summary: 'Returns how many members the intersection of sets and sorted sets has, and stops counting at a limit.',
  complexity: 'O(N * M), where N is the number of members of the smallest set and M the number of sets',
  group: 'sorted-set',
  flags: ['readonly'],
  arity: -3,
  arguments: [...numberedKeys('RO access'), LIMIT],
  reply: 'the number of members, or the limit if that is lower',
  run(context, args) {
    const sessions = readSources(context, args, ERRORS);
    context.reply.integer(countCommon(context.engine, sessions, readLimit(args)));
  },
};
