import type { Command } from '../command.js';
import { globMatcher } from '../glob.js';
import { isKey } from './lookup.js';

export const keys: Command = {
  name: 'keys',
  summary: 'Returns all keys that match a pattern, while everybody else waits: better use SCAN.',
  complexity: 'O(N) with N sessions',
  group: 'generic',
  // The name of a key opens it.
  flags: ['readonly', 'admin'],
  arguments: [{ name: 'pattern', type: 'pattern' }],
  reply: 'array of keys',
  run({ engine, reply }, args) {
    const matches = globMatcher(args.pattern());
    const found: string[] = [];
    engine.scan(0, Number.MAX_SAFE_INTEGER, (session) => {
      if (!isKey(engine, session)) return;
      const key = engine.nameText(session);
      if (matches(key)) found.push(key);
    });
    reply.array(found.length);
    for (const key of found) reply.latin1(key);
  },
};
