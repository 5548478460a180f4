import { CodedError } from '../../errors.js';
import { type JsonDocument, type Node, ROOT } from '../../json/json-document.js';
import { WHOLE } from '../../json/json-path.js';
import { growthAt, OPTIONAL_PATH, readJson, readOptionalPath, readPath } from './grammar.js';
import { changesJson, readsJson } from './json-key.js';
import { changeMatches, NO_KEY, NO_PATH, readMatches, writeCounts, wrongType } from './matches.js';

const NOT_A_STRING = wrongType('string');
const GIVEN_NO_STRING = new CodedError('ERR', 'the argument must be a string in JSON, with its quotes');

/** Returns the length of a string in bytes of UTF-8, without escapes. */
function lengthOf(document: JsonDocument, node: Node): number {
  return Buffer.byteLength(document.scalar(node) as string);
}

export const jsonStrappend = changesJson(
  {
    name: 'json.strappend',
    summary: 'Appends to the strings that a path matches.',
    complexity: 'O(N), where N is the length of the value',
    flags: ['write', 'denyoom'],
    arity: -3,
    arguments: [OPTIONAL_PATH, { name: 'json-string', type: 'string' }],
    reply: 'array of the new lengths in bytes, with null for what is not a string; one length for a legacy path',
    growth: growthAt(2),
  },
  {
    read(args) {
      const path = args.left > 1 ? readPath(args) : WHOLE;
      const given = readJson(args, 'json-string');
      if (given.type(ROOT) !== 'string') throw GIVEN_NO_STRING;
      const suffix = given.text(ROOT).subarray(1);
      const added = lengthOf(given, ROOT);
      return (current, work) =>
        changeMatches(current, path, work, 'not a string', (document, node, edits) => {
          if (document.type(node) !== 'string') return undefined;
          const text = document.text(node);
          // Both stay as they are written.
          edits.replace(node, Buffer.concat([text.subarray(0, -1), suffix]));
          work.spend((text.length + suffix.length) >> 4);
          return lengthOf(document, node) + added;
        });
    },
    write: writeCounts,
  },
);

export const jsonStrlen = readsJson(
  {
    name: 'json.strlen',
    summary: 'Returns the lengths of the strings that a path matches.',
    complexity: 'O(N), where N is the length of the value',
    flags: ['readonly'],
    arity: -2,
    arguments: [OPTIONAL_PATH],
    reply: 'array of the lengths in bytes, with null for what is not a string; one length for a legacy path',
  },
  {
    read(args) {
      const path = readOptionalPath(args);
      const absent = { key: NO_KEY, legacyPath: NO_PATH, legacyType: NOT_A_STRING };
      return (current, work) =>
        readMatches(current, path, work, absent, (document, node) => {
          work.spend((document.end(node) - document.start(node)) >> 4);
          return document.type(node) === 'string' ? lengthOf(document, node) : undefined;
        });
    },
    write: writeCounts,
  },
);
