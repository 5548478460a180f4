import { sessionCommand } from '../declaration/session-command.js';
import { remove } from '../json/del.js';
import { OPTIONAL_PATH, readOptionalPath } from '../json/grammar.js';
import { KEY, TOKEN } from './grammar.js';
import { change } from './json-value.js';

export const sessionJsondel = sessionCommand({
  name: 'session.jsondel',
  summary:
    'Removes what a path matches from the JSON of a key. Removes the key without a path, or with that of the root.',
  complexity: 'O(N), where N is the length of the value',
  group: 'session-data',
  flags: ['write'],
  arity: -3,
  arguments: [TOKEN, KEY, OPTIONAL_PATH],
  reply: 'the number of values removed',
  inSteps: (request) => request.length > 3,
  ask(store, args, isUse) {
    const token = args.slice();
    const key = args.slice();
    const path = readOptionalPath(args);
    args.end();
    if (path.segments.length === 0) return store.delete(token, [key], isUse);
    return change(store, token, key, (value, work) => remove(value, path, work), isUse);
  },
  write: (reply, removed) => reply.integer(removed),
});
