import type { Command } from '../declaration/command.js';
import { type ExpiryUnit, MILLISECONDS, readExpiry, SECONDS } from '../keys/expiry.js';
import { KEY, VALUE } from '../keys/grammar.js';
import { writeString } from './write-string.js';

/** SETEX and PSETEX: the same command in two units. */
function setExpiring(name: string, unit: ExpiryUnit): Command {
  return {
    name,
    summary: `Sets a key to a string that expires after the given number of ${unit.argument.name}.`,
    complexity: 'O(1)',
    group: 'string',
    flags: ['write', 'denyoom'],
    arity: 4,
    arguments: [{ ...KEY, use: 'OW update' }, unit.argument, VALUE],
    reply: 'OK',
    run(context, args) {
      const key = args.key(context.client);
      const duration = readExpiry(unit, args.slice(), 1, context, args);
      writeString(context, key, context.engine.findShared(key), args.slice(), duration);
      context.reply.ok();
    },
  };
}

export const setex = setExpiring('setex', SECONDS);
export const psetex = setExpiring('psetex', MILLISECONDS);
