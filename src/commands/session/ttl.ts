import type { Command } from '../declaration/command.js';
import { sessionCommand } from '../declaration/session-command.js';
import { TOKEN } from './grammar.js';
import { milliseconds, seconds } from './time-left.js';

/** SESSION.TTL and SESSION.PTTL: the same command in two units. */
function timeToLive(name: string, unit: string, inUnits: (ms: number) => number): Command {
  return sessionCommand({
    name,
    summary: `Returns the time left until a session's deadline, in ${unit}. Does not extend the session.`,
    complexity: 'O(1)',
    group: 'session',
    flags: ['readonly', 'fast'],
    arity: 2,
    arguments: [TOKEN],
    reply: `${unit}, rounded up; -1 if no deadline is pending, -2 if there is no such session`,
    ask: (store, args) => store.timeLeft(args.slice()),
    write: (reply, left) => reply.integer(left === undefined ? -2 : inUnits(left)),
  });
}

export const sessionTtl = timeToLive('session.ttl', 'seconds', seconds);
export const sessionPttl = timeToLive('session.pttl', 'milliseconds', milliseconds);
