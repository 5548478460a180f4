import { GET_ARGUMENTS, GET_REPLY, getOperation } from '../json/get.js';
import { readsSessionJson } from './json-value.js';

export const sessionJsonget = readsSessionJson(
  {
    name: 'session.jsonget',
    summary:
      'Returns the values at paths in the JSON of a key, as JSON text. Restarts the duration as SESSION.GET does.',
    complexity: 'O(N), where N is the length of the value',
    flags: ['readonly'],
    arity: -3,
    arguments: GET_ARGUMENTS,
    reply: GET_REPLY,
  },
  getOperation,
);
