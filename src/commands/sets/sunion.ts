import { SET } from '../collections/collection.js';
import { Copies } from '../collections/copies.js';
import { REPLACES, storeResult } from '../collections/store-result.js';
import type { Command } from '../declaration/command.js';
import { DESTINATION, KEYS } from '../keys/grammar.js';
import { type Combination, difference, intersection, readSets, union } from './combination.js';
import { NO_VALUE } from './put-members.js';

// SUNION, SINTER and SDIFF, and the commands that store their results.

const COMPLEXITY = 'O(N), where N is the number of members of all sets';

function combining(name: string, result: string, combination: Combination): Command {
  return {
    name,
    summary: `Returns ${result}.`,
    complexity: COMPLEXITY,
    group: 'set',
    flags: ['readonly'],
    arity: -2,
    arguments: [KEYS],
    reply: 'set of members',
    run(context, args) {
      const { client, engine, reply } = context;
      const sets = readSets(context, args.keys(client));
      reply.setOf(() => {
        let size = 0;
        combination(engine, sets, (member) => {
          reply.bulk(member);
          size++;
          return true;
        });
        return size;
      });
    },
  };
}

function storing(name: string, result: string, combination: Combination): Command {
  return {
    name,
    summary: `Stores ${result}. ${REPLACES}`,
    complexity: COMPLEXITY,
    group: 'set',
    flags: ['write', 'denyoom'],
    arity: -3,
    arguments: [DESTINATION, { ...KEYS, use: 'RO access' }],
    reply: 'the number of members of the result',
    growth: 'copy',
    run(context, args) {
      const { client, engine } = context;
      const destination = args.key(client);
      const data = new Copies();
      combination(engine, readSets(context, args.keys(client)), (member) => {
        data.add(member);
        data.add(NO_VALUE);
        return true;
      });
      storeResult(context, SET, destination, data, name);
    },
  };
}

const UNION = 'the union of sets';
const INTERSECTION = 'the intersection of sets';
const DIFFERENCE = 'the members of the first set that the other sets do not have';

export const sunion = combining('sunion', UNION, union);
export const sinter = combining('sinter', INTERSECTION, intersection);
export const sdiff = combining('sdiff', DIFFERENCE, difference);
export const sunionstore = storing('sunionstore', UNION, union);
export const sinterstore = storing('sinterstore', INTERSECTION, intersection);
export const sdiffstore = storing('sdiffstore', DIFFERENCE, difference);
