import type { Session, SessionEngine } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { isKey } from './lookup.js';

/** Slots that are tried at random before they are gone through in order: where most are keys, one or two do. */
const TRIES = 100;

export const randomkey: Command = {
  name: 'randomkey',
  summary: 'Returns a key at random.',
  complexity: 'O(1) where most sessions are keys, else O(N) with N sessions',
  group: 'generic',
  // The name of a key opens it.
  flags: ['readonly', 'admin'],
  arity: 1,
  arguments: [],
  reply: 'key or null',
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
  // From a random one on to the end, then from the first one on.
  const start = Math.floor(Math.random() * slots);
  for (let cursor = start; cursor < slots && key === undefined; cursor++) engine.scan(cursor, 1, visit);
  for (let cursor = 0; cursor < start && key === undefined; cursor++) engine.scan(cursor, 1, visit);
  return key;
}
