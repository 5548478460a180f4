import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { FIELDS_AND_VALUES } from './grammar.js';
import { putFields } from './put-fields.js';

// HSET and HMSET, which differ in what they reply.

export const hset: Command = {
  name: 'hset',
  summary: 'Sets fields in a hash.',
  complexity: 'O(N), where N is the number of fields',
  group: 'hash',
  flags: ['write', 'denyoom', 'fast'],
  arity: -4,
  arguments: [{ ...KEY, use: 'RW update' }, FIELDS_AND_VALUES],
  reply: 'the number of new fields',
  run({ client, engine, reply, server }, args) {
    const key = args.key(client);
    reply.integer(putFields(engine, key, args.pairs()));
    server.keyspaceEvents.notify('h', 'hset', key);
  },
};

export const hmset: Command = {
  name: 'hmset',
  summary: 'Sets fields in a hash.',
  complexity: 'O(N), where N is the number of fields',
  group: 'hash',
  flags: ['write', 'denyoom', 'fast'],
  arity: -4,
  arguments: [{ ...KEY, use: 'RW update' }, FIELDS_AND_VALUES],
  reply: 'OK',
  run({ client, engine, reply, server }, args) {
    const key = args.key(client);
    putFields(engine, key, args.pairs());
    server.keyspaceEvents.notify('h', 'hset', key);
    reply.ok();
  },
};
