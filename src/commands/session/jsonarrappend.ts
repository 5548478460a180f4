import { appendOperation, LENGTHS } from '../json/arrays.js';
import { growthAt, JSON_VALUES, PATH } from '../json/grammar.js';
import { changesSessionJson } from './json-value.js';

export const sessionJsonarrappend = changesSessionJson(
  {
    name: 'session.jsonarrappend',
    summary: 'Appends values to the arrays that a path matches in the JSON of a key.',
    complexity: 'O(N), where N is the length of the value',
    flags: ['write', 'denyoom'],
    arity: -5,
    arguments: [PATH, JSON_VALUES],
    reply: LENGTHS,
    growth: growthAt(3),
  },
  appendOperation,
);
