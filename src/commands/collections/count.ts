import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { readKind } from '../keys/lookup.js';
import { type Collection, HASH, SET, SORTED_SET } from './collection.js';

// HLEN, SCARD and ZCARD.

function counting(command: string, { kind, group, name, item }: Collection): Command {
  return {
    name: command,
    summary: `Returns the number of ${item}s of ${name}.`,
    complexity: 'O(1)',
    group,
    flags: ['readonly', 'fast'],
    arity: 2,
    arguments: [{ ...KEY, use: 'RO' }],
    reply: `the number of ${item}s; 0 if there is no such key`,
    run(context, args) {
      const session = readKind(context, args.key(context.client), kind);
      context.reply.integer(session === NO_SESSION ? 0 : context.engine.data.count(session));
    },
  };
}

export const hlen = counting('hlen', HASH);
export const scard = counting('scard', SET);
export const zcard = counting('zcard', SORTED_SET);
