import { parseInt64 } from '../../engine/fields/int64.js';
import { CodedError, NOT_AN_INTEGER } from '../../errors.js';
import type { Command } from '../declaration/command.js';

// CLIENT PAUSE and UNPAUSE, which hold clients back, and UNBLOCK.

/** About 24 days, the longest timer. */
const LONGEST_MS = 2n ** 31n - 1n;

export const clientPause: Command = {
  name: 'pause',
  summary: 'Holds back the commands of all clients, or only those that may write. Sessions still expire on time.',
  complexity: 'O(1)',
  group: 'connection',
  flags: ['admin', 'loading', 'stale', 'noscript'],
  arity: -3,
  arguments: [
    { name: 'timeout', type: 'integer' },
    {
      name: 'mode',
      type: 'oneof',
      optional: true,
      arguments: [
        { name: 'write', type: 'pure-token', token: 'WRITE' },
        { name: 'all', type: 'pure-token', token: 'ALL' },
      ],
    },
  ],
  reply: 'OK; the pause ends after the timeout, in milliseconds, or with CLIENT UNPAUSE',
  run({ client, reply, server }, args) {
    const timeout = parseInt64(args.slice());
    const mode = args.left === 0 ? 'all' : args.word();
    args.endOfSubcommand();
    if (mode !== 'all' && mode !== 'write') throw new CodedError('ERR', 'CLIENT PAUSE mode must be WRITE or ALL');
    if (timeout === undefined) throw new CodedError('ERR', 'timeout is not an integer or out of range');
    if (timeout < 0n) throw new CodedError('ERR', 'timeout is negative');
    server.pause.begin(Number(timeout < LONGEST_MS ? timeout : LONGEST_MS), mode);
    reply.ok();
    // Ends the client's turn, so that its next request waits too. The commands of a transaction all run.
    return client.transaction.executing ? undefined : Promise.resolve();
  },
};

export const clientUnpause: Command = {
  name: 'unpause',
  summary: 'Ends CLIENT PAUSE. It is the only command that runs while all commands are held back.',
  complexity: 'O(N), where N is the number of clients that wait',
  group: 'connection',
  flags: ['admin', 'loading', 'stale', 'noscript'],
  arity: 2,
  arguments: [],
  reply: 'OK',
  run({ reply, server }) {
    server.pause.end();
    reply.ok();
  },
};

export const clientUnblock: Command = {
  name: 'unblock',
  summary: 'Ends the wait of another client in a command that blocks, such as XREAD with BLOCK.',
  complexity: 'O(1)',
  group: 'connection',
  flags: ['admin', 'loading', 'stale', 'noscript'],
  arity: -3,
  arguments: [
    { name: 'client-id', type: 'integer' },
    {
      name: 'unblock-type',
      type: 'oneof',
      optional: true,
      arguments: [
        { name: 'timeout', type: 'pure-token', token: 'TIMEOUT' },
        { name: 'error', type: 'pure-token', token: 'ERROR' },
      ],
    },
  ],
  reply: '1; 0 if there is no such client, or it does not wait',
  run({ reply, server }, args) {
    const id = args.slice();
    const reason = args.left > 0 ? args.word() : 'timeout';
    args.endOfSubcommand();
    if (reason !== 'timeout' && reason !== 'error') {
      throw new CodedError('ERR', 'CLIENT UNBLOCK reason should be TIMEOUT or ERROR');
    }
    const number = parseInt64(id);
    if (number === undefined) throw NOT_AN_INTEGER;
    const blocked = server.clients.get(Number(number))?.blocked;
    blocked?.unblock(reason);
    reply.integer(blocked === undefined ? 0 : 1);
  },
};
