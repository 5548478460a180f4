import { growthAt, PATH } from '../json/grammar.js';
import { incrementOperation, NUMBER, NUMBERS_REPLY } from '../json/numbers.js';
import { changesSessionJson } from './json-value.js';

export const sessionJsonincrby = changesSessionJson(
  {
    name: 'session.jsonincrby',
    summary: 'Adds to the numbers that a path matches in the JSON of a key.',
    complexity: 'O(N), where N is the length of the value',
    flags: ['write', 'denyoom'],
    arity: 5,
    arguments: [PATH, NUMBER],
    reply: NUMBERS_REPLY,
    growth: growthAt(3),
  },
  incrementOperation,
);
