import { DUMP } from '../../durability/saves.js';
import { CodedError } from '../../errors.js';
import type { Command } from '../declaration/command.js';

// Redis' commands for saving to disk.

export const save: Command = {
  name: 'save',
  summary: `Saves all sessions as the data set ${DUMP}. Other clients are served meanwhile.`,
  complexity: 'O(N), where N is the number of sessions and their keys',
  group: 'server',
  onlyInMemory: 'SAVE on the nodes of the store',
  flags: ['admin', 'no_multi', 'noscript'],
  arity: 1,
  arguments: [],
  reply: 'OK, once the sessions are saved',
  async run({ server, reply }) {
    await server.saves.save(DUMP);
    reply.ok();
  },
};

export const bgsave: Command = {
  name: 'bgsave',
  summary: `Starts saving all sessions as the data set ${DUMP} and returns at once.`,
  complexity: 'O(1)',
  group: 'server',
  onlyInMemory: 'BGSAVE on the nodes of the store',
  flags: ['admin', 'noscript'],
  arity: -1,
  arguments: [{ name: 'schedule', type: 'pure-token', token: 'SCHEDULE', optional: true }],
  reply: 'a status line; INFO persistence shows the outcome',
  run({ server, reply }, args) {
    if (args.left > 0) args.choice('SCHEDULE');
    args.end();
    // A save that fails is logged.
    server.saves.save(DUMP).catch(() => {});
    reply.simple('Background saving started');
  },
};

export const lastsave: Command = {
  name: 'lastsave',
  summary: 'Returns when all sessions were last saved as a data set.',
  complexity: 'O(1)',
  group: 'server',
  onlyInMemory: 'LASTSAVE on the nodes of the store',
  flags: ['loading', 'stale', 'fast'],
  arity: 1,
  arguments: [],
  reply: 'unix time in seconds; that of the server start if nothing was saved yet',
  run({ server, reply }) {
    reply.integer(Math.floor(server.saves.status.lastSave / 1000));
  },
};

export const bgrewriteaof: Command = {
  name: 'bgrewriteaof',
  summary: 'Starts compacting the journal and returns at once.',
  complexity: 'O(1)',
  group: 'server',
  onlyInMemory: 'BGREWRITEAOF on the nodes of the store',
  flags: ['admin', 'noscript'],
  arity: 1,
  arguments: [],
  reply: 'a status line; INFO persistence shows the outcome',
  run({ server, reply }) {
    const { durability } = server;
    if (durability === undefined) {
      throw new CodedError('ERR', 'there is no journal to compact, because the option appendonly is no');
    }
    const { refusal } = durability;
    if (refusal !== undefined) throw refusal;
    if (durability.status?.compaction.running !== undefined) {
      throw new CodedError('ERR', 'Background append only file rewriting already in progress');
    }
    // A compaction that fails is logged.
    durability.compact().catch(() => {});
    reply.simple('Background append only file rewriting started');
  },
};
