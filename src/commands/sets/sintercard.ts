import { CodedError } from '../../errors.js';
import { readNumberedKeys, TOO_FEW_KEYS } from '../arguments/numbered-keys.js';
import type { Command } from '../declaration/command.js';
import { numberedKeys } from '../keys/grammar.js';
import { readSets } from './combination.js';
import { countCommon, LIMIT, readLimit } from './count-common.js';

const ERRORS = {
  tooFew: TOO_FEW_KEYS,
  tooMany: new CodedError('ERR', "Number of keys can't be greater than number of args"),
};

export const sintercard: Command = {
  name: 'sintercard',
  summary: 'Returns how many members the intersection of sets has, and stops counting at a limit.',
  complexity: 'O(N * M), where N is the number of members of the smallest set and M the number of sets',
  group: 'set',
  flags: ['readonly'],
  arity: -3,
  arguments: [...numberedKeys('RO access'), LIMIT],
  reply: 'the number of members, or the limit if that is lower',
  run(context, args) {
    const { client, engine, reply } = context;
    const keys = readNumberedKeys(args, client, ERRORS);
    const limit = readLimit(args);
    reply.integer(countCommon(engine, readSets(context, keys), limit));
  },
};
