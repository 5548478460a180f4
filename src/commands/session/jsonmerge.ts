import { growthAt, JSON_VALUE, PATH } from '../json/grammar.js';
import { mergeOperation } from '../json/merge.js';
import { changesSessionJson } from './json-value.js';

export const sessionJsonmerge = changesSessionJson(
  {
    name: 'session.jsonmerge',
    summary:
      'Merges a JSON value into what a path matches in the JSON of a key, as RFC 7396 defines it: null removes a member.',
    complexity: 'O(N + M), where N is the length of the current value and M that of the given one',
    flags: ['write', 'denyoom'],
    arity: 5,
    arguments: [PATH, JSON_VALUE],
    reply: 'OK; null if the object to which the path would add a member does not exist',
    growth: growthAt(3),
  },
  mergeOperation,
);
