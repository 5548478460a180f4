import { CodedError, SYNTAX } from '../../errors.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Command } from '../declaration/command.js';

// REPLICAOF, SLAVEOF and FAILOVER. respite has no replication, so REPLICAOF accepts only NO ONE.

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
  arguments: [
    {
      name: 'target',
      type: 'block',
      token: 'TO',
      optional: true,
      arguments: [
        { name: 'host', type: 'string' },
        { name: 'port', type: 'integer' },
        { name: 'force', type: 'pure-token', token: 'FORCE', optional: true },
      ],
    },
    { name: 'abort', type: 'pure-token', token: 'ABORT', optional: true },
    { name: 'milliseconds', type: 'integer', token: 'TIMEOUT', optional: true },
  ],
  reply: 'an error',
  run(_, args) {
    if (args.left === 1 && args.option([{ word: 'ABORT' }]) !== undefined) {
      throw new CodedError('ERR', 'No failover in progress.');
    }
    checkFailover(args);
    throw new CodedError('ERR', 'FAILOVER requires connected replicas.');
  },
};

/** The options of FAILOVER, and how many arguments each takes. */
const FAILOVER_OPTIONS = [
  { word: 'TO', takes: 2 },
  { word: 'TIMEOUT', takes: 1 },
  { word: 'FORCE', takes: 0 },
] as const;

/** @throws CodedError, in Redis' words, if the options of FAILOVER are not valid. */
function checkFailover(args: Arguments): void {
  const given = new Set<string>();
  while (args.left > 0) {
    const option = args.option(FAILOVER_OPTIONS);
    if (option === undefined || given.has(option.word) || args.left < option.takes) throw SYNTAX;
    given.add(option.word);
    if (option.word === 'TO') args.slice();
    if (option.takes > 0 && args.int64() <= 0n && option.word === 'TIMEOUT') {
      throw new CodedError('ERR', 'FAILOVER timeout must be greater than 0');
    }
  }
}
