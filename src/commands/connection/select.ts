import { parseInt64 } from '../../engine/fields/int64.js';
import { NO_SUCH_DATABASE, NOT_AN_INTEGER } from '../../errors.js';
import { redacted } from '../../execution/observing/redaction.js';
import type { Command } from '../declaration/command.js';

export const select: Command = {
  name: 'select',
  summary:
    'Selects database 0, the only one. After any other index, commands that read or change sessions are refused.',
  complexity: 'O(1)',
  group: 'connection',
  flags: ['fast', 'loading', 'stale'],
  arity: 2,
  arguments: [{ name: 'index', type: 'integer' }],
  reply: 'OK',
  run({ client, reply }, args) {
    const given = args.slice();
    // A client that ignores the error would otherwise work, or call FLUSHDB, in a database that it did not select.
    client.refusedDatabase = redacted(given.toBuffer(), SHOWN);
    const index = parseInt64(given);
    if (index === undefined) throw NOT_AN_INTEGER;
    if (index !== 0n) throw NO_SUCH_DATABASE;
    client.refusedDatabase = undefined;
    reply.ok();
  },
};

/** How many characters of an index an error repeats. */
const SHOWN = 20;
