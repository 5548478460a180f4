import { parseInteger } from '../../engine/fields/int64.js';
import { CodedError } from '../../errors.js';
import type { Command } from '../declaration/command.js';
import { container } from '../declaration/container.js';

const DEFAULT_COUNT = 10;

const get: Command = {
  name: 'get',
  summary: 'Returns the latest entries of the slow log.',
  complexity: 'O(N), where N is the number of entries',
  group: 'server',
  flags: ['admin', 'loading', 'stale'],
  arity: -2,
  arguments: [{ name: 'count', type: 'integer', optional: true }],
  reply:
    'array, newest first: id, unix time (s), duration (µs), the request without tokens, address and name of the client',
  run({ server, reply }, args) {
    const count = args.left > 0 ? parseInteger(args.slice()) : DEFAULT_COUNT;
    args.endOfSubcommand();
    if (!(count >= -1)) throw new CodedError('ERR', 'count should be greater than or equal to -1');
    const entries = server.slowlog.latest(count === -1 ? Infinity : count);
    reply.array(entries.length);
    for (const { id, at, microseconds, request, address, name } of entries) {
      reply.array(6);
      reply.integer(id);
      reply.integer(at);
      reply.integer(microseconds);
      reply.array(request.length);
      for (const argument of request) reply.bulk(argument);
      reply.bulk(address);
      reply.bulk(name);
    }
  },
};

const len: Command = {
  name: 'len',
  summary: 'Returns the number of entries in the slow log.',
  complexity: 'O(1)',
  group: 'server',
  flags: ['admin', 'loading', 'stale'],
  arity: 2,
  arguments: [],
  reply: 'the number of entries',
  run({ server, reply }) {
    reply.integer(server.slowlog.length);
  },
};

const reset: Command = {
  name: 'reset',
  summary: 'Removes all entries from the slow log.',
  complexity: 'O(N), where N is the number of entries',
  group: 'server',
  flags: ['admin', 'loading', 'stale'],
  arity: 2,
  arguments: [],
  reply: 'OK',
  run({ server, reply }) {
    server.slowlog.clear();
    reply.ok();
  },
};

export const slowlog = container('slowlog', 'server', 'A container for commands about slow commands.', [
  get,
  len,
  reset,
]);
