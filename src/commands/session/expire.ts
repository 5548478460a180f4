import { MAX_SECONDS } from '../../engine/index.js';
import type { Expected } from '../arguments/arguments.js';
import type { Argument, Command } from '../declaration/command.js';
import { sessionCommand } from '../declaration/session-command.js';
import { DELETE_SESSION, MILLISECONDS, TOKEN, TTL } from './grammar.js';

/** SESSION.EXPIRE and SESSION.PEXPIRE: the same command in two units. */
function expire(name: string, argument: Argument & Expected, msPerUnit: number): Command {
  return sessionCommand({
    name,
    summary: `Sets the duration of a session in ${argument.name === 'ttl' ? 'seconds' : 'milliseconds'} and starts it now.`,
    complexity: 'O(1)',
    group: 'session',
    flags: ['write', 'fast'],
    arity: -3,
    arguments: [TOKEN, argument, DELETE_SESSION],
    reply: '1; 0 if there is no such session',
    ask(store, args) {
      const token = args.slice();
      const duration = args.time((MAX_SECONDS * 1000) / msPerUnit, argument) * msPerUnit;
      const deleteSession = args.left > 0 ? args.boolean(DELETE_SESSION) : undefined;
      args.end();
      return store.setDuration(token, duration, deleteSession);
    },
    write: (reply, isThere) => reply.integer(isThere ? 1 : 0),
  });
}

export const sessionExpire = expire('session.expire', TTL, 1000);
export const sessionPexpire = expire('session.pexpire', MILLISECONDS, 1);
