import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY, MEMBER, MEMBERS } from '../keys/grammar.js';
import { readKind } from '../keys/lookup.js';

// SISMEMBER and SMISMEMBER.

export const sismember: Command = {
  name: 'sismember',
  summary: 'Returns whether a set has a member.',
  complexity: 'O(1)',
  group: 'set',
  flags: ['readonly', 'fast'],
  arity: 3,
  arguments: [{ ...KEY, use: 'RO' }, MEMBER],
  reply: '1 or 0',
  run(context, args) {
    const { client, engine, reply } = context;
    const session = readKind(context, args.key(client), 'set');
    reply.integer(session !== NO_SESSION && engine.data.has(session, args.slice()) ? 1 : 0);
  },
};

export const smismember: Command = {
  name: 'smismember',
  summary: 'Returns for each of several members whether a set has it.',
  complexity: 'O(N), where N is the number of members given',
  group: 'set',
  flags: ['readonly', 'fast'],
  arity: -3,
  arguments: [KEY, MEMBERS],
  reply: 'array of 1 or 0',
  run(context, args) {
    const { client, engine, reply } = context;
    const session = readKind(context, args.key(client), 'set');
    const members = args.rest();
    reply.array(members.length);
    for (const member of members) {
      reply.integer(session !== NO_SESSION && engine.data.has(session, member) ? 1 : 0);
    }
  },
};
