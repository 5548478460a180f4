import { DUMP } from '../../durability/saves.js';
import { CodedError, SYNTAX } from '../../errors.js';
import type { Client } from '../../execution/context/client.js';
import type { ServerControl } from '../../execution/context/server-control.js';
import { clientFields, clientText } from '../../execution/observing/client-text.js';
import type { Command } from '../declaration/command.js';

const WORDS = ['NOSAVE', 'SAVE', 'NOW', 'FORCE', 'ABORT'] as const;

export const shutdown: Command = {
  name: 'shutdown',
  summary:
    'Stops the server once all changes in the journal are on disk. If the disk fails, it stops only with FORCE. SAVE saves all sessions first, as the data set dump, if there is no journal. NOW skips shutdown-delay and disconnects slow clients. ABORT cancels a shutdown that is waiting.',
  complexity: 'O(1); with SAVE and without a journal O(N), where N is the number of sessions and their keys',
  group: 'server',
  flags: ['admin', 'loading', 'stale', 'no_multi', 'allow_busy', 'noscript'],
  arity: -1,
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
  reply: 'no reply, the connection is closed; OK for ABORT',
  run({ server, client, reply }, args) {
    const given = new Set<(typeof WORDS)[number]>();
    while (args.left > 0) given.add(args.choice(...WORDS));
    if (given.has('SAVE') && given.has('NOSAVE')) throw SYNTAX;
    if (given.has('ABORT')) {
      if (given.size > 1) throw SYNTAX;
      if (!server.abortShutdown()) throw new CodedError('ERR', 'No shutdown in progress.');
      reply.ok();
      return;
    }
    return stop(server, client, { save: given.has('SAVE'), force: given.has('FORCE'), now: given.has('NOW') });
  },
};

interface How {
  readonly save: boolean;
  /** Whether it stops even if the disk fails. */
  readonly force: boolean;
  readonly now: boolean;
}

async function stop(server: ServerControl, client: Client, { save, force, now }: How): Promise<void> {
  const user = client.user === undefined ? '' : ` as the user ${client.user.name}`;
  try {
    // A store keeps the sessions, and shutdown completes a journal anyway.
    if (save && server.durability === undefined && server.store === undefined) await saveAll(server, force);
    server.log.notice(`SHUTDOWN by ${clientText(client)}${user}: stopping`, {
      event: 'shutdown',
      ...clientFields(client),
    });
    await server.shutdown(force, now);
  } catch {
    // The reason is in the log.
    throw new CodedError('ERR', 'Errors trying to SHUTDOWN. Check logs.');
  }
}

async function saveAll({ saves }: ServerControl, force: boolean): Promise<void> {
  try {
    await saves.saveNext(DUMP);
  } catch (error) {
    if (!force) throw error;
  }
}
