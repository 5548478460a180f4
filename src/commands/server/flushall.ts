import type { Context } from '../../execution/context/context.js';
import { inSlices } from '../../execution/in-slices.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Argument, Command } from '../declaration/command.js';

// FLUSHALL and FLUSHDB.

const FLUSH_TYPE: Argument = {
  name: 'flush-type',
  type: 'oneof',
  optional: true,
  arguments: [
    { name: 'async', type: 'pure-token', token: 'ASYNC' },
    { name: 'sync', type: 'pure-token', token: 'SYNC' },
  ],
};

/** Reads the type of a flush. Both types are the same, because memory is freed later in any case. */
function readType(args: Arguments): void {
  if (args.left > 0) args.choice('ASYNC', 'SYNC');
  args.end();
}

export const flushall: Command = {
  name: 'flushall',
  summary: 'Ends all sessions, including the keys of all databases.',
  complexity: 'O(1), or O(N) with events-stream; the memory of N sessions is freed in O(N), between other commands',
  group: 'server',
  onlyInMemory: 'SESSION.ENDALL ends the sessions of the store',
  flags: ['write', 'admin'],
  arity: -1,
  arguments: [FLUSH_TYPE],
  reply: 'OK',
  run(context, args) {
    readType(args);
    context.engine.endAll();
    return inSlices(context, finish(context));
  },
};

export const flushdb: Command = {
  name: 'flushdb',
  summary: 'Removes all keys of the database. In database 0, ends all sessions that are not keys of another one.',
  complexity: 'O(N), where N is the number of sessions; if N is large, other commands run in between',
  group: 'server',
  onlyInMemory: 'SESSION.ENDALL ends the sessions of the store',
  flags: ['write', 'admin'],
  arity: -1,
  arguments: [FLUSH_TYPE],
  reply: 'OK',
  run(context, args) {
    const { client, engine } = context;
    readType(args);
    if (client.database === 0 && engine.databases.length === 0) {
      engine.endAll();
      return inSlices(context, finish(context));
    }
    return inSlices(context, flush(context, client.database));
  },
};

function* finish({ engine, reply }: Context): Generator<void, void> {
  yield* engine.finishingEnds();
  reply.ok();
}

/** How many sessions are ended between two readings of the clock. */
const BATCH = 64;

function* flush({ engine, reply }: Context, database: number): Generator<void, void> {
  const end = engine.endingMany();
  const { slots } = engine;
  let cursor = 0;
  do {
    cursor = engine.scanDatabase(database, cursor, BATCH, end);
    yield;
    // What is in a slot that did not exist when this began is newer.
  } while (cursor !== 0 && cursor < slots);
  reply.ok();
}
