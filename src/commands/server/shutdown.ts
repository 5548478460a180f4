import { DUMP } from '../../durability/saves.js';
import type { Command } from '../command.js';
import { CommandError, SYNTAX } from '../command-error.js';
import type { ServerControl } from '../context.js';

const WORDS = ['NOSAVE', 'SAVE', 'NOW', 'FORCE', 'ABORT'] as const;

export const shutdown: Command = {
  name: 'shutdown',
  summary:
    'Stops the server. With SAVE only if what the journal holds has become durable or, without a journal, all sessions are saved as the data set dump.',
  complexity: 'O(1); with SAVE and without a journal O(N) with N the sessions and their keys',
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
    return given.has('SAVE') ? saveAndStop(server, given.has('FORCE')) : server.shutdown();
  },
};

/** @param force Whether it stops even if the disk fails. */
async function saveAndStop(server: ServerControl, force: boolean): Promise<void> {
  try {
    await saveAll(server);
  } catch {
    // The log has been told why.
    if (!force) throw new CommandError('ERR Errors trying to SHUTDOWN. Check logs.');
  }
  server.shutdown();
}

async function saveAll({ durability, saves }: ServerControl): Promise<void> {
  if (durability === undefined) await saves.saveNext(DUMP);
  // Before all has been read there is nothing that the disk does not have.
  else if (durability.progress === undefined) await durability.flush();
}
