import type { Command } from '../command.js';
import { CommandError, SYNTAX } from '../command-error.js';

const WORDS = ['NOSAVE', 'SAVE', 'NOW', 'FORCE', 'ABORT'] as const;

export const shutdown: Command = {
  name: 'shutdown',
  summary: 'Stops the server. Sessions are in memory alone: there is nothing to save or to wait for.',
  complexity: 'O(1)',
  group: 'server',
  flags: ['admin', 'loading', 'stale', 'no_multi', 'allow_busy'],
  arguments: [
    {
      name: 'save-selector',
      type: 'oneof',
      optional: true,
      arguments: [
        { name: 'nosave', type: 'pure-token', token: 'NOSAVE' },
        { name: 'save', type: 'pure-token', token: 'SAVE' },
      ],
    },
    { name: 'now', type: 'pure-token', token: 'NOW', optional: true },
    { name: 'force', type: 'pure-token', token: 'FORCE', optional: true },
    { name: 'abort', type: 'pure-token', token: 'ABORT', optional: true },
  ],
  reply: 'none: the connection ends',
  run({ server }, args) {
    const given = new Set<(typeof WORDS)[number]>();
    while (args.left > 0) given.add(args.choice(...WORDS));
    if (given.has('SAVE') && given.has('NOSAVE')) throw new CommandError(SYNTAX);
    if (given.has('ABORT')) {
      throw new CommandError(given.size > 1 ? SYNTAX : 'ERR No shutdown in progress.');
    }
    server.shutdown();
  },
};
