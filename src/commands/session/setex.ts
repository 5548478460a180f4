import { MAX_SECONDS } from '../../engine/index.js';
import type { Expected } from '../arguments/arguments.js';
import type { Argument, Command } from '../declaration/command.js';
import { sessionCommand } from '../declaration/session-command.js';
import { growthWithDeadlines } from '../keys/growth-with-deadlines.js';
import { MILLISECONDS, PAIRS, TOKEN, TTL } from './grammar.js';

/** SESSION.SETEX and SESSION.PSETEX: the same command in two units. */
function setFor(name: string, unit: string, argument: Argument & Expected, msPerUnit: number): Command {
  return sessionCommand({
    name,
    summary: `Sets keys in a session, each for a duration of its own in ${unit}.`,
    complexity: 'O(N), where N is the number of keys',
    group: 'session-data',
    flags: ['write', 'denyoom', 'fast'],
    arity: -5,
    pairs: true,
    arguments: [TOKEN, argument, PAIRS],
    reply: 'OK',
    growth: growthWithDeadlines,
    ask(store, args, isUse) {
      const token = args.slice();
      const duration = args.timeIn(args.slice(), 1, (MAX_SECONDS * 1000) / msPerUnit, argument) * msPerUnit;
      return store.setFor(token, duration, args.pairs(), isUse);
    },
    write: (reply) => reply.ok(),
  });
}

export const sessionSetex = setFor('session.setex', 'seconds', TTL, 1000);
export const sessionPsetex = setFor('session.psetex', 'milliseconds', MILLISECONDS, 1);
