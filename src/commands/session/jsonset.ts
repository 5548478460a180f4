import { growthAt, JSON_VALUE, PATH } from '../json/grammar.js';
import { CONDITION, SET_REPLY, setOperation } from '../json/set.js';
import { changesSessionJson } from './json-value.js';

export const sessionJsonset = changesSessionJson(
  {
    name: 'session.jsonset',
    summary: 'Sets what a path matches in the JSON of a key. Creates the key, or the member that the path names.',
    complexity: 'O(N + M), where N is the length of the current value and M that of the given one',
    flags: ['write', 'denyoom'],
    arity: -5,
    arguments: [PATH, JSON_VALUE, CONDITION],
    reply: SET_REPLY,
    growth: growthAt(3),
  },
  setOperation,
);
