import type { Command } from '../declaration/command.js';
import { sessionCommand } from '../declaration/session-command.js';
import { KEYS, TOKEN } from './grammar.js';
import { milliseconds, seconds } from './time-left.js';

/** SESSION.KEYTTL and SESSION.KEYPTTL: the same command in two units. */
function timesToLive(name: string, unit: string, inUnits: (ms: number) => number): Command {
  return sessionCommand({
    name,
    summary: `Returns the time left until keys of a session expire, in ${unit}. Does not extend the session.`,
    complexity: 'O(N), where N is the number of keys',
    group: 'session-data',
    flags: ['readonly', 'fast'],
    arity: -3,
    arguments: [TOKEN, KEYS],
    reply: `array with, for each key: ${unit}, rounded up; -1 if the key has no duration of its own, -2 if there is no such key`,
    ask: (store, args) => store.keyTimesLeft(args.slice(), args.rest()),
    write(reply, times) {
      reply.array(times.length);
      for (const left of times) reply.integer(left === undefined ? -2 : inUnits(left));
    },
  });
}

export const sessionKeyttl = timesToLive('session.keyttl', 'seconds', seconds);
export const sessionKeypttl = timesToLive('session.keypttl', 'milliseconds', milliseconds);
