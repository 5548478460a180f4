import { NO_SESSION } from '../../engine/index.js';
import type { Slice } from '../../slice.js';
import { readCursor, readScanOptions } from '../arguments/scan-arguments.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { readHash } from '../keys/lookup.js';

/**
 * A call stops when the fields it has visited and the values it has found have this many bytes, so that other clients
 * need not wait.
 */
const MOST_BYTES = 2 ** 20;
/** It also stops after this many ms, checked every `BATCH` fields: a pattern may take long to match. */
const [MOST_MS, BATCH] = [2, 16];

export const hscan: Command = {
  name: 'hscan',
  summary:
    'Iterates over the fields of a hash. A small hash (up to 64 fields) is returned by the first call, whatever COUNT says.',
  complexity: 'O(COUNT) for each call, O(N) for a complete iteration, where N is the number of fields',
  group: 'hash',
  flags: ['readonly'],
  arity: -3,
  arguments: [
    KEY,
    { name: 'cursor', type: 'integer' },
    { name: 'pattern', type: 'pattern', token: 'MATCH', optional: true },
    { name: 'count', type: 'integer', token: 'COUNT', optional: true },
  ],
  reply: '[next cursor, [field, value, …]]; the cursor is 0 at the end',
  run(context, args) {
    const { client, engine, reply, server } = context;
    const { data } = engine;
    const key = args.key(client);
    let cursor = readCursor(args);
    const session = readHash(context, key);
    const found: Buffer[] = [];
    if (session === NO_SESSION) {
      // As in Redis, the options are not parsed if there is no such key.
      cursor = 0;
    } else {
      const { count, matches } = readScanOptions(args, false);
      data.read(session);
      let bytes = 0;
      const visit = (field: Slice, length: number) => {
        bytes += field.length;
        if (!matches(field.latin1())) return;
        const value = data.peekPart(session, field, 0, length);
        if (value === undefined) return;
        found.push(field.copy(), value.copy());
        bytes += length;
      };
      const until = server.clock.now() + MOST_MS;
      let looks = 0;
      do cursor = data.peekSome(session, cursor, 1, visit);
      while (
        ++looks < count &&
        cursor !== 0 &&
        bytes < MOST_BYTES &&
        (looks % BATCH !== 0 || server.clock.now() < until)
      );
    }
    reply.array(2);
    reply.bulk(String(cursor));
    reply.array(found.length);
    for (const bytes of found) reply.bulk(bytes);
  },
};
