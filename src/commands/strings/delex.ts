import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY, VALUE } from '../keys/grammar.js';
import { findKey } from '../keys/lookup.js';
import { holds } from './condition.js';

// DELEX of Redis 8.4, and DELIFEQ of Valkey 9.

export const delex: Command = {
  name: 'delex',
  summary: 'Removes a key, or a string only if it is, or is not, a value.',
  complexity: 'O(1)',
  group: 'string',
  flags: ['write', 'fast'],
  arity: -2,
  arguments: [
    { ...KEY, use: 'RW delete' },
    {
      name: 'condition',
      type: 'oneof',
      optional: true,
      arguments: [
        { name: 'ifeq-value', type: 'string', token: 'IFEQ' },
        { name: 'ifne-value', type: 'string', token: 'IFNE' },
      ],
    },
  ],
  reply: '1 if the key was removed, otherwise 0',
  run({ client, engine, reply }, args) {
    const session = findKey(engine, args.key(client));
    const condition = args.left === 0 ? undefined : args.choice('IFEQ', 'IFNE');
    const operand = condition && args.slice();
    args.end();
    const removes = session !== NO_SESSION && (condition === undefined || holds(condition, engine, session, operand));
    if (removes) engine.end(session);
    reply.integer(removes ? 1 : 0);
  },
};

export const delifeq: Command = {
  name: 'delifeq',
  summary: 'Removes a string if it is a value.',
  complexity: 'O(1)',
  group: 'string',
  flags: ['write', 'fast'],
  arity: 3,
  arguments: [{ ...KEY, use: 'RW delete' }, VALUE],
  reply: '1 if the key was removed, otherwise 0',
  run({ client, engine, reply }, args) {
    const session = findKey(engine, args.key(client));
    const removes = session !== NO_SESSION && holds('IFEQ', engine, session, args.slice());
    if (removes) engine.end(session);
    reply.integer(removes ? 1 : 0);
  },
};
