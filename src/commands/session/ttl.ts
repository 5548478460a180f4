import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { TOKEN } from './grammar.js';
import { milliseconds, seconds } from './time-left.js';

/** SESSION.TTL and SESSION.PTTL: the same command in two units. */
function timeToLive(name: string, unit: string, inUnits: (ms: number) => number): Command {
  return {
    name,
    summary: `Returns the time left until a session's deadline, in ${unit}. Does not extend the session.`,
    complexity: 'O(1)',
    group: 'session',
    flags: ['readonly', 'fast'],
    arity: 2,
    arguments: [TOKEN],
    reply: `${unit}, rounded up; -1 if no deadline is pending, -2 if there is no such session`,
    run({ engine, reply }, args) {
      const session = args.findSession(engine);
      reply.integer(session === NO_SESSION ? -2 : inUnits(engine.timeLeft(session)));
    },
  };
}

export const sessionTtl = timeToLive('session.ttl', 'seconds', seconds);
export const sessionPttl = timeToLive('session.pttl', 'milliseconds', milliseconds);
