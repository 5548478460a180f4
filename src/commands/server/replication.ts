import { CodedError } from '../../errors.js';
import type { Command } from '../declaration/command.js';

// REPLICAOF, SLAVEOF and FAILOVER. respite has no replication, so it can only be told to remain a primary.

/** REPLICAOF, under either of its names. */
function follow(name: string): Command {
  return {
    name,
    summary: 'Does nothing with `NO ONE`. Refused otherwise, because a server is never a replica.',
    complexity: 'O(1)',
    group: 'server',
    flags: ['admin', 'stale', 'noscript'],
    arity: 3,
    arguments: [
      { name: 'host', type: 'string' },
      { name: 'port', type: 'string' },
    ],
    reply: 'OK',
    run({ reply }, args) {
      if (args.word() !== 'no' || args.word() !== 'one') {
        throw new CodedError(
          'ERR',
          `${name.toUpperCase()} is not supported: respite has no replicas. The option "store" lets several servers serve the same sessions`,
        );
      }
      reply.ok();
    },
  };
}

export const replicaof = follow('replicaof');
export const slaveof = follow('slaveof');

export const failover: Command = {
  name: 'failover',
  summary: 'Refused, because there are no replicas.',
  complexity: 'O(1)',
  group: 'server',
  flags: ['admin', 'stale', 'noscript'],
  arity: -1,
  arguments: [{ name: 'argument', type: 'string', optional: true, multiple: true }],
  reply: 'an error',
  run(_, args) {
    const aborts = args.left > 0 && args.word() === 'abort';
    throw new CodedError('ERR', aborts ? 'No failover in progress.' : 'FAILOVER requires connected replicas.');
  },
};
