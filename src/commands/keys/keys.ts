import { keyIn } from '../../engine/index.js';
import type { Context } from '../../execution/context/context.js';
import { forEachInSlices, inSlices } from '../../execution/in-slices.js';
import { globMatcher } from '../../glob.js';
import type { Command } from '../declaration/command.js';
import { isKey } from './lookup.js';

export const keys: Command = {
  name: 'keys',
  summary: 'Returns all keys of the database that match a pattern.',
  complexity: 'O(N), where N is the number of sessions',
  group: 'generic',
  // Whoever knows the name of a key can read it.
  flags: ['readonly', 'admin'],
  arity: 2,
  arguments: [{ name: 'pattern', type: 'pattern' }],
  reply: 'array of keys',
  run(context, args) {
    return inSlices(context, findKeys(context, globMatcher(args.pattern())));
  },
};

/** How many sessions are visited between two readings of the clock. */
const BATCH = 16;

function* findKeys({ client, engine, reply }: Context, matches: (key: string) => boolean): Generator<void> {
  // A key that is removed and set again meanwhile may be visited twice.
  const found = new Set<string>();
  const { database } = client;
  let cursor = 0;
  do {
    cursor = engine.scanDatabase(database, cursor, BATCH, (session) => {
      if (!isKey(engine, session)) return;
      const key = keyIn(engine.nameBytes(session), database).latin1();
      if (matches(key)) found.add(key);
    });
    yield;
  } while (cursor !== 0);
  reply.array(found.size);
  yield* forEachInSlices(found, (key) => reply.latin1(key));
}
