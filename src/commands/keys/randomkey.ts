import { keyIn, type Session, type SessionEngine } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { isKey } from './lookup.js';

/** How many random places are tried before all are searched in order. If most sessions are keys, one or two suffice. */
const TRIES = 100;
/** How many sessions are visited in one step of that search. */
const BATCH = 64;

export const randomkey: Command = {
  name: 'randomkey',
  summary: 'Returns a random key of the database.',
  complexity: 'O(1) if most sessions are keys, otherwise O(N), where N is the number of sessions',
  group: 'generic',
  // Whoever knows the name of a key can read it.
  flags: ['readonly', 'admin'],
  arity: 1,
  arguments: [],
  reply: 'the key, or null if there is none',
  run({ client, engine, reply }) {
    const key = randomKey(engine, client.database);
    if (key === undefined) reply.null();
    else reply.latin1(key);
  },
};

function randomKey(engine: SessionEngine, database: number): string | undefined {
  if (engine.sizeOf(database) === 0) return undefined;
  let key: string | undefined;
  const visit = (session: Session) => {
    if (isKey(engine, session)) key ??= keyIn(engine.nameBytes(session), database).latin1();
  };
  for (let tries = 0; tries < TRIES && key === undefined; tries++) {
    engine.scanDatabase(database, randomPlace(engine, database), 1, visit);
  }
  // From a random place to the end, then from the first one on.
  for (let cursor = randomPlace(engine, database); key === undefined; ) {
    cursor = engine.scanDatabase(database, cursor, BATCH, visit);
    if (cursor === 0) break;
  }
  for (let cursor = 0; key === undefined; ) {
    cursor = engine.scanDatabase(database, cursor, BATCH, visit);
    if (cursor === 0) break;
  }
  return key;
}

/** Returns a random cursor of a database that is not empty. In database 0, there may be no session at it. */
function randomPlace(engine: SessionEngine, database: number): number {
  if (database === 0) return Math.floor(Math.random() * engine.slots);
  return engine.placeOf(database, Math.floor(Math.random() * engine.sizeOf(database)));
}
