import { OPTIONAL_PATH, readOptionalPath } from './grammar.js';
import { readsJson } from './json-key.js';
import { NO_KEY, noPathOr, readMatches, writeCounts, writeMatches, wrongType } from './matches.js';

const NO_PATH_OR_OBJECT = noPathOr('not an object');

export const jsonObjkeys = readsJson(
  {
    name: 'json.objkeys',
    summary: 'Returns the names of the members of the objects that a path matches.',
    complexity: 'O(N), where N is the length of the value',
    flags: ['readonly'],
    arity: -2,
    arguments: [OPTIONAL_PATH],
    reply: 'array of arrays of names, with null for what is not an object; one array of names for a legacy path',
  },
  {
    read(args) {
      const path = readOptionalPath(args);
      return (current, work) =>
        readMatches(current, path, work, { key: NO_KEY, legacyType: NO_PATH_OR_OBJECT }, (document, node) => {
          if (!document.isObject(node)) return undefined;
          const members = document.children(node);
          for (const member of members) work.spend(4 + (document.nameText(member).length >> 4));
          return members.map((member) => document.name(member));
        });
    },
    write: (reply, matches) =>
      writeMatches(reply, matches, (to, names) => {
        to.array(names.length);
        for (const name of names) to.bulk(name);
      }),
  },
);

export const jsonObjlen = readsJson(
  {
    name: 'json.objlen',
    summary: 'Returns the numbers of members of the objects that a path matches.',
    complexity: 'O(N), where N is the length of the value',
    flags: ['readonly'],
    arity: -2,
    arguments: [OPTIONAL_PATH],
    reply: 'array of the numbers, with null for what is not an object; one number for a legacy path',
  },
  {
    read(args) {
      const path = readOptionalPath(args);
      const absent = { key: NO_PATH_OR_OBJECT, legacyType: wrongType('object') };
      return (current, work) =>
        readMatches(current, path, work, absent, (document, node) => {
          if (!document.isObject(node)) return undefined;
          const members = document.count(node);
          work.spend(members);
          return members;
        });
    },
    write: writeCounts,
  },
);
