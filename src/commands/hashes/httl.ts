import { NO_SESSION, type Session, type SessionEngine } from '../../engine/index.js';
import type { Slice } from '../../slice.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { readHash } from '../keys/lookup.js';
import { NUMBERED_FIELDS, readNumberedFields } from './numbered-fields.js';

const [NO_FIELD, NEVER] = [-2, -1];

/** HTTL, HPTTL, HEXPIRETIME and HPEXPIRETIME: the same command in two units, counted from now or from 1970. */
function timesOf(
  name: string,
  summary: string,
  unit: string,
  read: (engine: SessionEngine, session: Session, field: Slice) => number,
): Command {
  return {
    name,
    summary,
    complexity: 'O(N), where N is the number of fields given',
    group: 'hash',
    flags: ['readonly', 'fast'],
    arity: -5,
    arguments: [KEY, NUMBERED_FIELDS],
    reply: `array with, for each field: ${unit}; -1 if the field does not expire, -2 if there is no such field`,
    run(context, args) {
      const { client, engine, reply } = context;
      const { data } = engine;
      const session = readHash(context, args.key(client));
      const fields = readNumberedFields(args);
      reply.array(fields.length);
      for (const field of fields) {
        if (session === NO_SESSION || !data.has(session, field)) {
          reply.integer(NO_FIELD);
          continue;
        }
        reply.integer(data.keyDeadline(session, field) === Infinity ? NEVER : read(engine, session, field));
      }
    },
  };
}

const roundedUp = (ms: number) => Math.ceil(ms / 1000);

export const httl = timesOf(
  'httl',
  'Returns the time until fields expire, in seconds.',
  'seconds, rounded up',
  (engine, session, field) => roundedUp(engine.keyTimeLeft(session, field)),
);
export const hpttl = timesOf(
  'hpttl',
  'Returns the time until fields expire, in milliseconds.',
  'milliseconds',
  (engine, session, field) => Math.ceil(engine.keyTimeLeft(session, field)),
);
export const hexpiretime = timesOf(
  'hexpiretime',
  'Returns when fields expire, as unix times in seconds.',
  'unix time in seconds, rounded up',
  (engine, session, field) => roundedUp(engine.unixKeyDeadline(session, field)),
);
export const hpexpiretime = timesOf(
  'hpexpiretime',
  'Returns when fields expire, as unix times in milliseconds.',
  'unix time in milliseconds',
  (engine, session, field) => engine.unixKeyDeadline(session, field),
);
