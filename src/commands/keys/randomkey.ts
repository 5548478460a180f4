import type { Session, SessionEngine } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { isKey } from './lookup.js';

/** How many random slots are tried before all are searched in order. If most sessions are keys, one or two suffice. */
const TRIES = 100;

export const randomkey: Command = {
  name: 'randomkey',
  summary: 'Returns a random key.',
  complexity: 'O(1) if most sessions are keys, otherwise O(N), where N is the number of sessions',
  group: 'generic',
  // Whoever knows the name of a key can read it.
  flags: ['readonly', 'admin'],
  arity: 1,
  arguments: [],
  reply: 'the key, or null if there is none',
  run({ engine, reply }) {
    const key = randomKey(engine);
    if (key === undefined) reply.null();
    else reply.latin1(key);
  },
};

function randomKey(engine: SessionEngine): string | undefined {
  let key: string | undefined;
  const visit = (session: Session) => {
    if (isKey(engine, session)) key ??= engine.nameText(session);
  };
  const { slots, size } = engine;
  if (size === 0) return undefined;
  for (let tries = 0; tries < TRIES && key === undefined; tries++)
    engine.scan(Math.floor(Math.random() * slots), 1, visit);
  // From a random slot to the end, then from the first slot on.
  const start = Math.floor(Math.random() * slots);
  for (let cursor = start; cursor < slots && key === undefined; cursor++) engine.scan(cursor, 1, visit);
  for (let cursor = 0; cursor < start && key === undefined; cursor++) engine.scan(cursor, 1, visit);
  return key;
}
