import { NO_SESSION } from '../../engine/index.js';
import type { Argument, Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { readKind } from '../keys/lookup.js';
import { type Collection, HASH, SET, SORTED_SET } from './collection.js';
import { draw, drawOne, readDraw, visitAt } from './draws.js';

// HRANDFIELD, SRANDMEMBER and ZRANDMEMBER.

const COUNT: Argument = { name: 'count', type: 'integer' };

function drawing(command: string, { kind, group, name, item, values }: Collection): Command {
  return {
    name: command,
    summary: `Returns random ${item}s of ${name}. With a negative count, ${item}s may repeat.`,
    complexity: `O(N), where N is the number of ${item}s returned`,
    group,
    flags: ['readonly'],
    arity: -2,
    arguments: [KEY, values === undefined ? { ...COUNT, optional: true } : countWith(values.option)],
    reply: `a ${item}, or null; with a count, array of ${item}s${values === undefined ? '' : ` or of ${item}s and ${values.name}s`}`,
    run(context, args) {
      const { client, engine, reply } = context;
      const { data } = engine;
      const key = args.key(client);
      const drawn = readDraw(args, values?.option);
      const session = readKind(context, key, kind);
      if (session === NO_SESSION) {
        if (drawn === undefined) reply.null();
        else reply.array(0);
        return;
      }
      const length = data.count(session);
      const places = drawn === undefined ? [drawOne(length)] : draw(length, drawn.count);
      const written = drawn?.withValues === true ? values : undefined;
      const isNested = written !== undefined && reply.protocol === 3;
      if (drawn !== undefined) reply.array(written === undefined || isNested ? places.length : 2 * places.length);
      data.read(session);
      visitAt(data, session, places, written !== undefined, (key, value) => {
        if (isNested) reply.array(2);
        reply.bulk(key);
        written?.write(reply, value);
      });
    },
  };
}

/** Returns the arguments `[count [WITHVALUES]]`. */
function countWith(option: string): Argument {
  const withValues: Argument = { name: option.toLowerCase(), type: 'pure-token', token: option, optional: true };
  return { name: 'options', type: 'block', optional: true, arguments: [COUNT, withValues] };
}

export const hrandfield = drawing('hrandfield', HASH);
export const srandmember = drawing('srandmember', SET);
export const zrandmember = drawing('zrandmember', SORTED_SET);
