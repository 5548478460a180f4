import { NO_SESSION, type Session, type SessionEngine } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY } from './grammar.js';
import { readKey } from './lookup.js';

/** TTL, PTTL, EXPIRETIME and PEXPIRETIME: the same command in two units, counted from now or from 1970. */
function timeOf(
  name: string,
  summary: string,
  unit: string,
  read: (engine: SessionEngine, session: Session) => number,
): Command {
  return {
    name,
    summary,
    complexity: 'O(1)',
    group: 'generic',
    flags: ['readonly', 'fast'],
    arity: 2,
    arguments: [KEY],
    reply: `${unit}; -1 if the key does not expire, -2 if there is no such key`,
    run(context, args) {
      const { client, engine, reply, server } = context;
      if (args.streamKey(client)) {
        reply.integer(server.eventStream === undefined ? -2 : -1);
        return;
      }
      const session = readKey(context, args.key(client));
      if (session === NO_SESSION) reply.integer(-2);
      else reply.integer(engine.timeLeft(session) === Infinity ? -1 : read(engine, session));
    },
  };
}

const msLeft = (engine: SessionEngine, session: Session) => Math.ceil(engine.timeLeft(session));
const rounded = (ms: number) => Math.floor((ms + 500) / 1000);

export const ttl = timeOf(
  'ttl',
  'Returns the time until a key expires, in seconds.',
  'seconds, rounded',
  (engine, session) => rounded(msLeft(engine, session)),
);
export const pttl = timeOf('pttl', 'Returns the time until a key expires, in milliseconds.', 'milliseconds', msLeft);
export const expiretime = timeOf(
  'expiretime',
  'Returns when a key expires, as a unix time in seconds.',
  'unix time in seconds, rounded',
  (engine, session) => rounded(engine.unixDeadline(session)),
);
export const pexpiretime = timeOf(
  'pexpiretime',
  'Returns when a key expires, as a unix time in milliseconds.',
  'unix time in milliseconds',
  (engine, session) => engine.unixDeadline(session),
);
