import { NO_SESSION, type Session, type SessionEngine } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY } from './grammar.js';
import { readKey } from './lookup.js';

/** TTL, PTTL, EXPIRETIME and PEXPIRETIME: when a key expires, in two units, from now or from 1970. */
function timeOf(
  name: string,
  summary: string,
  unit: string,
  tell: (engine: SessionEngine, session: Session) => number,
): Command {
  return {
    name,
    summary,
    complexity: 'O(1)',
    group: 'generic',
    flags: ['readonly', 'fast'],
    arity: 2,
    arguments: [KEY],
    reply: `${unit}; -1 if it does not expire, -2 without such a key`,
    run(context, args) {
      const { engine, reply } = context;
      const session = readKey(context, args.slice());
      if (session === NO_SESSION) reply.integer(-2);
      else reply.integer(engine.timeLeft(session) === Infinity ? -1 : tell(engine, session));
    },
  };
}

const msLeft = (engine: SessionEngine, session: Session) => Math.ceil(engine.timeLeft(session));
const rounded = (ms: number) => Math.floor((ms + 500) / 1000);

export const ttl = timeOf('ttl', 'Tells in how many seconds a key expires.', 'seconds, rounded', (engine, session) =>
  rounded(msLeft(engine, session)),
);
export const pttl = timeOf('pttl', 'Tells in how many milliseconds a key expires.', 'milliseconds', msLeft);
export const expiretime = timeOf(
  'expiretime',
  'Tells when a key expires.',
  'seconds since 1970, rounded',
  (engine, session) => rounded(engine.unixDeadline(session)),
);
export const pexpiretime = timeOf(
  'pexpiretime',
  'Tells when a key expires.',
  'milliseconds since 1970',
  (engine, session) => engine.unixDeadline(session),
);
