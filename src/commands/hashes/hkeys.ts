import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { readHash } from '../keys/lookup.js';

// HKEYS and HVALS.

export const hkeys: Command = {
  name: 'hkeys',
  summary: 'Returns all fields in a hash.',
  complexity: 'O(N), where N is the number of fields',
  group: 'hash',
  flags: ['readonly'],
  arity: 2,
  arguments: [KEY],
  reply: 'array of fields',
  run(context, args) {
    const { engine, reply } = context;
    const session = readHash(context, args.key(context.client));
    reply.array(session === NO_SESSION ? 0 : engine.data.count(session));
    if (session !== NO_SESSION) engine.data.forEachKey(session, (field) => reply.bulk(field));
  },
};

export const hvals: Command = {
  name: 'hvals',
  summary: 'Returns all values in a hash.',
  complexity: 'O(N), where N is the number of fields',
  group: 'hash',
  flags: ['readonly'],
  arity: 2,
  arguments: [KEY],
  reply: 'array of values',
  run(context, args) {
    const { engine, reply } = context;
    const session = readHash(context, args.key(context.client));
    reply.array(session === NO_SESSION ? 0 : engine.data.count(session));
    if (session !== NO_SESSION) engine.data.forEach(session, (_, value) => reply.bulk(value));
  },
};
