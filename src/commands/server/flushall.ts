import type { Command } from '../declaration/command.js';

/** FLUSHALL and FLUSHDB: the same, because there is only one database. */
function flush(name: string): Command {
  return {
    name,
    summary: 'Ends all sessions.',
    complexity: 'O(1); the memory of N sessions is freed later in O(N), between other commands',
    group: 'server',
    onlyInMemory: 'SESSION.ENDALL ends the sessions of the store',
    flags: ['write', 'admin'],
    arity: -1,
    arguments: [
      {
        name: 'flush-type',
        type: 'oneof',
        optional: true,
        arguments: [
          { name: 'async', type: 'pure-token', token: 'ASYNC' },
          { name: 'sync', type: 'pure-token', token: 'SYNC' },
        ],
      },
    ],
    reply: 'OK',
    run({ engine, reply }, args) {
      if (args.left > 0) args.choice('ASYNC', 'SYNC');
      args.end();
      engine.endAll();
      reply.ok();
    },
  };
}

export const flushall = flush('flushall');
export const flushdb = flush('flushdb');
