import { Edits } from '../../json/edits.js';
import type { JsonDocument, Node } from '../../json/json-document.js';
import { select } from '../../json/query.js';
import { outermost } from './del.js';
import { OPTIONAL_PATH, readOptionalPath } from './grammar.js';
import { changesJson } from './json-key.js';
import { NO_KEY } from './matches.js';
import { documentOf } from './operation.js';

const ARRAY = Buffer.from('[]');
const OBJECT = Buffer.from('{}');
const ZERO = Buffer.from('0');

/** Returns what a value becomes when it is cleared; undefined if it stays as it is. */
function cleared(document: JsonDocument, node: Node): Buffer | undefined {
  switch (document.type(node)) {
    case 'array':
      return document.next(node) > node + 1 ? ARRAY : undefined;
    case 'object':
      return document.next(node) > node + 1 ? OBJECT : undefined;
    case 'integer':
    case 'number':
      return document.scalar(node) === 0 ? undefined : ZERO;
    default:
      return undefined;
  }
}

export const jsonClear = changesJson(
  {
    name: 'json.clear',
    summary: 'Empties the arrays and objects that a path matches, and sets the numbers to 0.',
    complexity: 'O(N), where N is the length of the value',
    flags: ['write'],
    arity: -2,
    arguments: [OPTIONAL_PATH],
    reply: 'the number of values changed',
  },
  {
    read(args) {
      const path = readOptionalPath(args);
      return (value, work) => {
        if (value === undefined) throw NO_KEY;
        const document = documentOf(value, work);
        const nodes = outermost(document, select(document, path.segments, work));
        const edits = new Edits(document, work);
        let changed = 0;
        for (const node of nodes) {
          const text = cleared(document, node);
          if (text === undefined) continue;
          edits.replace(node, text);
          changed++;
        }
        return { result: changed, text: edits.isEmpty ? undefined : edits.apply() };
      };
    },
    write: (reply, changed) => reply.integer(changed),
  },
);
