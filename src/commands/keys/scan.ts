import { keyIn, type Session } from '../../engine/index.js';
import { scanInTime } from '../../store/memory/scan-in-time.js';
import { readScan } from '../arguments/scan-arguments.js';
import type { Command } from '../declaration/command.js';
import { isKey } from './lookup.js';

export const scan: Command = {
  name: 'scan',
  summary: 'Iterates over all keys of the database.',
  complexity: 'O(COUNT) for each call, O(N) for a complete iteration, where N is the number of sessions',
  group: 'generic',
  // Whoever knows the name of a key can read it.
  flags: ['readonly', 'admin'],
  arity: -2,
  arguments: [
    { name: 'cursor', type: 'integer' },
    { name: 'pattern', type: 'pattern', token: 'MATCH', optional: true },
    { name: 'count', type: 'integer', token: 'COUNT', optional: true },
    { name: 'type', type: 'string', token: 'TYPE', optional: true },
  ],
  reply: '[next cursor, [key, …]]; the cursor is 0 at the end',
  run({ client, engine, reply, server }, args) {
    const { database } = client;
    const { matches, type, ...range } = readScan(args, true);
    const found: string[] = [];
    const visit = (session: Session) => {
      if (!isKey(engine, session)) return;
      if (type !== undefined && type !== engine.kindOf(session)) return;
      const key = keyIn(engine.nameBytes(session), database).latin1();
      if (matches(key)) found.push(key);
    };
    const next = scanInTime(server.clock, range, (cursor, count) =>
      engine.scanDatabase(database, cursor, count, visit),
    );
    reply.array(2);
    reply.bulk(String(next));
    reply.array(found.length);
    for (const key of found) reply.latin1(key);
  },
};
