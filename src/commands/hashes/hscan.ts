import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../command.js';
import { KEY } from '../keys/grammar.js';
import { readHash } from '../keys/lookup.js';
import { readCursor, readScanOptions } from '../scan-arguments.js';

export const hscan: Command = {
  name: 'hscan',
  summary: 'Iterates over the fields of a hash: all of them come at the first call, whatever COUNT says.',
  complexity: 'O(N) with N fields',
  group: 'hash',
  flags: ['readonly'],
  arguments: [
    KEY,
    { name: 'cursor', type: 'integer' },
    { name: 'pattern', type: 'pattern', token: 'MATCH', optional: true },
    { name: 'count', type: 'integer', token: 'COUNT', optional: true },
  ],
  reply: '[0, [field, value, …]]',
  run(context, args) {
    const { engine, reply } = context;
    const key = args.slice();
    readCursor(args);
    const session = readHash(context, key);
    const found: Buffer[] = [];
    // Of a key that there is not Redis does not look at the options.
    if (session !== NO_SESSION) {
      const { matches } = readScanOptions(args, false);
      engine.data.forEach(session, (field, value) => {
        if (matches(field.latin1())) found.push(field.copy(), value.copy());
      });
    }
    reply.array(2);
    reply.bulk('0');
    reply.array(found.length);
    for (const bytes of found) reply.bulk(bytes);
  },
};
