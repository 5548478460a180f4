import { parseInt64 } from '../../engine/fields/int64.js';
import { CodedError } from '../../errors.js';
import type { Command } from '../declaration/command.js';
import { KEYS } from '../keys/grammar.js';
import { intersection, readSets } from './combination.js';

export const sintercard: Command = {
  name: 'sintercard',
  summary: 'Returns how many members the intersection of sets has, and stops counting at a limit.',
  complexity: 'O(N * M), where N is the number of members of the smallest set and M the number of sets',
  group: 'set',
  flags: ['readonly'],
  arity: -3,
  arguments: [
    { name: 'numkeys', type: 'integer' },
    KEYS,
    { name: 'limit', type: 'integer', token: 'LIMIT', optional: true },
  ],
  reply: 'the number of members, or the limit if that is lower',
  run(context, args) {
    const { client, engine, reply } = context;
    const keys = parseInt64(args.slice()) ?? 0n;
    if (keys <= 0n) throw new CodedError('ERR', 'numkeys should be greater than 0');
    if (keys > args.left) throw new CodedError('ERR', "Number of keys can't be greater than number of args");
    const names = Array.from({ length: Number(keys) }, () => args.key(client));
    let limit = 0n;
    while (args.left > 0) {
      args.choice('LIMIT');
      limit = parseInt64(args.slice()) ?? -1n;
      if (limit < 0n) throw new CodedError('ERR', "LIMIT can't be negative");
    }
    let count = 0;
    intersection(engine, readSets(context, names), () => {
      count++;
      return limit === 0n || count < limit;
    });
    reply.integer(count);
  },
};
