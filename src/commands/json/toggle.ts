import { growthAt, PATH, readPath } from './grammar.js';
import { changesJson } from './json-key.js';
import { changeMatches, writeMatches } from './matches.js';

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

export const jsonToggle = changesJson(
  {
    name: 'json.toggle',
    summary: 'Turns true into false, and false into true, wherever a path matches one of them.',
    complexity: 'O(N), where N is the length of the value',
    flags: ['write', 'denyoom'],
    arity: 3,
    arguments: [PATH],
    reply: 'array of 1 for true and 0 for false, with null for what is not a boolean; true or false for a legacy path',
    growth: growthAt(2),
  },
  {
    read(args) {
      const path = readPath(args);
      return (current, work) =>
        changeMatches(current, path, work, 'not a bool', (document, node, edits) => {
          if (document.type(node) !== 'boolean') return undefined;
          const toggled = document.scalar(node) !== true;
          edits.replace(node, toggled ? TRUE : FALSE);
          return toggled;
        });
    },
    write: (reply, matches) =>
      writeMatches(reply, matches, (to, toggled) => {
        if (matches.isLegacy) to.bulk(String(toggled));
        else to.integer(toggled ? 1 : 0);
      }),
  },
);
