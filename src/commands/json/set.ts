import { type KeyName, SessionEngine } from '../../engine/index.js';
import { CodedError, wrongNumberOfArguments } from '../../errors.js';
import { Edits } from '../../json/edits.js';
import type { JsonDocument, Node } from '../../json/json-document.js';
import type { JsonPath } from '../../json/json-path.js';
import { compactText } from '../../json/json-text.js';
import { Work } from '../../json/limits.js';
import { singleOf } from '../../json/path-syntax.js';
import { select } from '../../json/query.js';
import { Slice } from '../../slice.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Argument, Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { growthAt, JSON_VALUE, PATH, readJson, readJsonText, readPath } from './grammar.js';
import { changesJson, findJson, peekValue, putJson } from './json-key.js';
import { documentOf, type JsonOperation, type Outcome } from './operation.js';

export const CONDITION: Argument = {
  name: 'condition',
  type: 'oneof',
  optional: true,
  arguments: [
    { name: 'nx', type: 'pure-token', token: 'NX' },
    { name: 'xx', type: 'pure-token', token: 'XX' },
  ],
};

export const SET_REPLY =
  'OK; null if the condition prevented it, or the object to which the path would add a member does not exist';

type Condition = 'NX' | 'XX' | undefined;

/** Its result is whether the value was set. */
export const setOperation: JsonOperation<boolean> = {
  read(args) {
    const path = readPath(args);
    const text = compactText(readJson(args));
    const condition = readCondition(args);
    return (value, work) => set(value, path, text, condition, work);
  },
  write(reply, isSet) {
    if (isSet) reply.ok();
    else reply.null();
  },
};

const CONDITIONS = [{ word: 'NX' }, { word: 'XX' }] as const;

function readCondition(args: Arguments): Condition {
  const condition = args.option(CONDITIONS)?.word;
  args.end('; the options are NX and XX');
  return condition;
}

/** Sets what a path matches to a JSON text. */
function set(
  value: Slice | undefined,
  path: JsonPath,
  text: Buffer,
  condition: Condition,
  work: Work,
): Outcome<boolean> {
  if (path.segments.length === 0) {
    const isMet = condition === undefined || (condition === 'NX') === (value === undefined);
    return isMet ? { result: true, text } : { result: false };
  }
  if (value === undefined) {
    if (condition === 'XX') return { result: false };
    throw NEW_AT_ROOT;
  }
  const document = documentOf(value, work);
  const nodes = select(document, path.segments, work);
  if (nodes.length === 0) return condition === 'XX' ? { result: false } : create(document, path, text, work);
  if (condition === 'NX') return { result: false };
  const edits = new Edits(document, work);
  for (const node of nodes) edits.replace(node, text);
  return { result: true, text: edits.apply() };
}

export const NEW_AT_ROOT = new CodedError('ERR', 'new objects must be created at the root');
const NOT_STATIC = new CodedError(
  'ERR',
  'wrong static path: nothing matches, and only a path of names and indexes can create a member',
);
const OUT_OF_RANGE = new CodedError('ERR', 'array index out of range');

/**
 * Adds the member that a path names and that does not exist. Adds nothing if the object to add it to does not exist.
 * @throws CodedError if the path cannot name a member.
 */
export function create(document: JsonDocument, path: JsonPath, text: Buffer, work: Work): Outcome<boolean> {
  if (!path.isSingular) throw NOT_STATIC;
  const name = singleOf(path.segments[path.segments.length - 1]);
  if (typeof name !== 'string') throw OUT_OF_RANGE;
  const [parent]: (Node | undefined)[] = select(document, path.segments.slice(0, -1), work);
  if (parent === undefined || !document.isObject(parent)) return { result: false };
  const edits = new Edits(document, work);
  edits.addMember(parent, Buffer.from(JSON.stringify(name)), text);
  return { result: true, text: edits.apply() };
}

export const jsonSet = changesJson(
  {
    name: 'json.set',
    summary: 'Sets what a path matches to a JSON value. Creates the key, or the member that the path names.',
    complexity: 'O(N + M), where N is the length of the current value and M that of the given one',
    flags: ['write', 'denyoom'],
    arity: -4,
    arguments: [PATH, JSON_VALUE, CONDITION],
    reply: SET_REPLY,
    growth: growthAt(2),
  },
  setOperation,
);

const TRIPLE: Argument = {
  name: 'triplet',
  type: 'block',
  multiple: true,
  arguments: [KEY, PATH, JSON_VALUE],
};

export const jsonMset: Command = {
  name: 'json.mset',
  summary: 'Sets JSON values in several keys: either all, or none if one of them cannot be set.',
  complexity: 'O(N), where N is the sum of the lengths of the current and the given values',
  group: 'json',
  flags: ['write', 'denyoom'],
  arity: -4,
  arguments: [TRIPLE],
  reply: 'OK; null if one of the objects to which a path would add a member does not exist. The others are set',
  growth: (request) => {
    const triples = Math.floor((request.length - 1) / 3);
    return Array.from({ length: triples }, (_, i) => growthAt(3 * i + 2)(request) - request.bytes).reduce(
      (sum, growth) => sum + growth,
      request.bytes,
    );
  },
  run(context, args) {
    const { client, engine, reply } = context;
    if (args.left % 3 !== 0) throw wrongNumberOfArguments('json.mset');
    const work = new Work();
    // Computes everything before it sets the first key. A later triplet may name a key again.
    const texts = new Map<string, { readonly key: KeyName; readonly text: Buffer }>();
    let areAllSet = true;
    while (args.left > 0) {
      const key = args.key(client);
      SessionEngine.checkName(key);
      const name = key.latin1();
      const earlier = texts.get(name)?.text;
      const value = earlier === undefined ? peekValue(engine, findJson(engine, key)) : Slice.of(earlier);
      const path = readPath(args);
      work.parsePath(path.text.length);
      const { result, text } = set(value, path, readJsonText(args, work), undefined, work);
      areAllSet &&= result;
      if (text !== undefined) texts.set(name, { key, text });
    }
    for (const { key, text } of texts.values()) putJson(context, key, findJson(engine, key), text, 'json.mset');
    if (areAllSet) reply.ok();
    else reply.null();
  },
};
