import { parseInt64 } from '../../engine/fields/int64.js';
import { NO_SUCH_DATABASE, NOT_AN_INTEGER } from '../../errors.js';
import { redacted } from '../../execution/observing/redaction.js';
import type { Command } from '../declaration/command.js';

export const select: Command = {
  name: 'select',
  summary:
    'Accepts database 0, the only one. After any other the connection has none: what looks at sessions or changes them is refused.',
  complexity: 'O(1)',
  group: 'connection',
  flags: ['fast', 'loading', 'stale'],
  arity: 2,
  arguments: [{ name: 'index', type: 'integer' }],
  reply: 'OK',
  run({ client, reply }, args) {
    const given = args.slice();
    // A client that goes on regardless would work, and FLUSHDB, in a database that it did not mean.
    client.refusedDatabase = redacted(given.toBuffer(), SHOWN);
    const index = parseInt64(given);
    if (index === undefined) throw NOT_AN_INTEGER;
    if (index !== 0n) throw NO_SUCH_DATABASE;
    client.refusedDatabase = undefined;
    reply.ok();
  },
};

/** Characters of an index that an error repeats. */
const SHOWN = 20;
