import { CodedError } from '../../errors.js';
import type { Edits } from '../../json/edits.js';
import { equalValues } from '../../json/equality.js';
import { type JsonDocument, type Node, ROOT } from '../../json/json-document.js';
import { type JsonPath, WHOLE } from '../../json/json-path.js';
import { compactText } from '../../json/json-text.js';
import { ReplySize, type Work } from '../../json/limits.js';
import type { Slice } from '../../slice.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Argument } from '../declaration/command.js';
import {
  growthAt,
  JSON_VALUE,
  JSON_VALUES,
  OPTIONAL_PATH,
  PATH,
  readJson,
  readJsonTexts,
  readOptionalPath,
  readPath,
} from './grammar.js';
import { changesJson, readsJson } from './json-key.js';
import {
  changeMatches,
  type Matches,
  NO_KEY,
  NO_PATH,
  noPathOr,
  readMatches,
  writeCounts,
  writeMatches,
  wrongType,
} from './matches.js';
import type { JsonOperation, Outcome } from './operation.js';

const O_N = 'O(N), where N is the length of the value';
const NOT_AN_ARRAY = 'not an array';
export const LENGTHS = 'array of the new lengths, with null for what is not an array; one length for a legacy path';
const INDEX: Argument = { name: 'index', type: 'integer' };
const START: Argument = { name: 'start', type: 'integer' };
const STOP: Argument = { name: 'stop', type: 'integer' };

/** Takes an index, which may be negative. */
function readIndex(args: Arguments): number {
  return Number(args.int64());
}

/** Returns the elements of an array. */
function elementsOf(document: JsonDocument, array: Node, work: Work): Node[] {
  const elements = document.children(array);
  work.spend(elements.length);
  return elements;
}

/** Changes each array that a path matches. @param change Returns what to reply about the array. */
function changeArrays<Item>(
  current: Slice | undefined,
  path: JsonPath,
  work: Work,
  change: (edits: Edits, elements: readonly Node[], document: JsonDocument, array: Node) => Item,
): Outcome<Matches<Item>> {
  return changeMatches(current, path, work, NOT_AN_ARRAY, (document, node, edits) =>
    document.isArray(node) ? change(edits, elementsOf(document, node, work), document, node) : undefined,
  );
}

export const appendOperation: JsonOperation<Matches<number>> = {
  read(args) {
    const path = readPath(args);
    const texts = readJsonTexts(args);
    return (current, work) =>
      changeArrays(current, path, work, (edits, { length }, _, array) => {
        edits.insert(array, length, texts);
        return length + texts.length;
      });
  },
  write: writeCounts,
};

export const jsonArrappend = changesJson(
  {
    name: 'json.arrappend',
    summary: 'Appends values to the arrays that a path matches.',
    complexity: O_N,
    flags: ['write', 'denyoom'],
    arity: -4,
    arguments: [PATH, JSON_VALUES],
    reply: LENGTHS,
    growth: growthAt(2),
  },
  appendOperation,
);

const OUT_OF_BOUNDS = new CodedError('ERR', 'index out of bounds');

export const jsonArrinsert = changesJson(
  {
    name: 'json.arrinsert',
    summary: 'Inserts values into the arrays that a path matches, before the element with an index.',
    complexity: O_N,
    flags: ['write', 'denyoom'],
    arity: -5,
    arguments: [PATH, INDEX, JSON_VALUES],
    reply: LENGTHS,
    growth: growthAt(2),
  },
  {
    read(args) {
      const path = readPath(args);
      const index = readIndex(args);
      const texts = readJsonTexts(args);
      return (current, work) =>
        changeArrays(current, path, work, (edits, { length }, _, array) => {
          const place = index < 0 ? length + index : index;
          if (place < 0 || place > length) throw OUT_OF_BOUNDS;
          edits.insert(array, place, texts);
          return length + texts.length;
        });
    },
    write: writeCounts,
  },
);

export const jsonArrlen = readsJson(
  {
    name: 'json.arrlen',
    summary: 'Returns the lengths of the arrays that a path matches.',
    complexity: O_N,
    flags: ['readonly'],
    arity: -2,
    arguments: [OPTIONAL_PATH],
    reply: 'array of the lengths, with null for what is not an array; one length for a legacy path',
  },
  {
    read(args) {
      const path = readOptionalPath(args);
      const absent = { key: NO_KEY, legacyPath: NO_PATH, legacyType: noPathOr(NOT_AN_ARRAY) };
      return (current, work) =>
        readMatches(current, path, work, absent, (document, node) =>
          document.isArray(node) ? elementsOf(document, node, work).length : undefined,
        );
    },
    write: writeCounts,
  },
);

export const jsonArrindex = readsJson(
  {
    name: 'json.arrindex',
    summary: 'Returns the index of the first element that equals a value, in the arrays that a path matches.',
    complexity: O_N,
    flags: ['readonly'],
    arity: -4,
    arguments: [
      PATH,
      JSON_VALUE,
      { name: 'range', type: 'block', optional: true, arguments: [START, { ...STOP, optional: true }] },
    ],
    reply:
      'array of indexes: -1 if there is no such element, null for what is not an array; one index for a legacy path',
  },
  {
    read(args) {
      const path = readPath(args);
      const wanted = readJson(args);
      const start = args.left > 0 ? readIndex(args) : 0;
      // 0 also means up to the end.
      const stop = (args.left > 0 ? readIndex(args) : 0) || Infinity;
      args.end();
      const absent = { key: NO_PATH, legacyKey: NO_PATH, legacyPath: NO_PATH, legacyType: wrongType('array') };
      return (current, work) =>
        readMatches(current, path, work, absent, (document, node) => {
          if (!document.isArray(node)) return undefined;
          const elements = elementsOf(document, node, work);
          const { length } = elements;
          const end = stop < 0 ? length + stop : Math.min(stop, length);
          const first = start < 0 ? Math.max(0, length + start) : Math.min(start, length - 1);
          for (let i = Math.max(first, 0); i < end; i++) {
            if (equalValues(document, elements[i], wanted, ROOT, work)) return i;
          }
          return -1;
        });
    },
    write: writeCounts,
  },
);

/** What an array has lost: nothing if it was empty. */
interface Popped {
  readonly popped: Buffer | undefined;
}

export const jsonArrpop = changesJson(
  {
    name: 'json.arrpop',
    summary: 'Removes an element from the arrays that a path matches, the last one by default, and returns it.',
    complexity: O_N,
    flags: ['write'],
    arity: -2,
    arguments: [{ name: 'path-index', type: 'block', optional: true, arguments: [PATH, { ...INDEX, optional: true }] }],
    reply:
      'array of elements as JSON text, with null for what is not an array or is empty; one element for a legacy path',
  },
  {
    read(args) {
      const path = args.left > 0 ? readPath(args) : WHOLE;
      const index = args.left > 0 ? readIndex(args) : -1;
      return (current, work) => {
        const outcome = changeArrays<Popped>(current, path, work, (edits, elements, document) => {
          const { length } = elements;
          if (length === 0) return { popped: undefined };
          const element = elements[index < 0 ? Math.max(0, length + index) : Math.min(index, length - 1)];
          edits.remove(element);
          work.spend((document.end(element) - document.start(element)) >> 4);
          return { popped: compactText(document, element) };
        });
        // A path may select an array many times, and what it lost is in the reply each time.
        const size = new ReplySize();
        for (const item of outcome.result.items) size.add(item?.popped);
        return outcome;
      };
    },
    write: (reply, matches) => writeMatches(reply, matches, (to, { popped }) => to.bulkOrNull(popped)),
  },
);

export const jsonArrtrim = changesJson(
  {
    name: 'json.arrtrim',
    summary: 'Removes the elements outside of a range of indexes from the arrays that a path matches.',
    complexity: O_N,
    flags: ['write'],
    arity: 5,
    arguments: [PATH, START, STOP],
    reply: LENGTHS,
  },
  {
    read(args) {
      const path = readPath(args);
      const start = readIndex(args);
      const stop = readIndex(args);
      return (current, work) =>
        changeArrays(current, path, work, (edits, elements) => {
          const { length } = elements;
          const first = start < 0 ? Math.max(0, length + start) : start;
          const last = stop < 0 ? Math.max(0, length + stop) : Math.min(stop, length - 1);
          elements.forEach((element, i) => {
            if (i < first || i > last) edits.remove(element);
          });
          return Math.max(0, Math.min(last, length - 1) - first + 1);
        });
    },
    write: writeCounts,
  },
);
