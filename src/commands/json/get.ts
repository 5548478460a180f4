import { type KeyName, NO_SESSION } from '../../engine/index.js';
import { CodedError } from '../../errors.js';
import type { Context } from '../../execution/context/context.js';
import { type JsonDocument, type Node, NotJsonError } from '../../json/json-document.js';
import { type JsonPath, jsonPath, WHOLE } from '../../json/json-path.js';
import { COMPACT, JsonText, type Style } from '../../json/json-text.js';
import { MAX_JSON_REPLY_BYTES, ReplySize, Work } from '../../json/limits.js';
import { select } from '../../json/query.js';
import { TextOutput } from '../../json/text-output.js';
import type { Arguments } from '../arguments/arguments.js';
import { spells } from '../arguments/arguments.js';
import type { Argument, Command } from '../declaration/command.js';
import { KEYS } from '../keys/grammar.js';
import { readKey } from '../keys/lookup.js';
import { PATH, readPath } from './grammar.js';
import { readsJson, readValue } from './json-key.js';
import { NO_PATH } from './matches.js';
import { documentOf, type JsonOperation } from './operation.js';

const text = (name: string): Argument => ({ name, type: 'string', token: name.toUpperCase(), optional: true });

export const GET_ARGUMENTS: readonly Argument[] = [
  text('indent'),
  text('newline'),
  text('space'),
  { ...PATH, optional: true, multiple: true },
];

export const GET_REPLY =
  'JSON text: an array of what the path matches; the value itself for a legacy path; an object for several paths; null if there is no key';

export const getOperation: JsonOperation<Buffer | undefined> = {
  read(args) {
    const { style, paths } = readRequest(args);
    return (value, work) => ({ result: value && textOf(documentOf(value, work), paths, style, work) });
  },
  write: (reply, result) => reply.bulkOrNull(result),
};

const NO_FORMAT = new CodedError('ERR', 'FORMAT is not supported: the reply is always JSON text');

/** Takes options and paths, in any order. */
function readRequest(args: Arguments): { style: Style; paths: readonly JsonPath[] } {
  const style = { ...COMPACT };
  const paths: JsonPath[] = [];
  const work = new Work();
  while (args.left > 0) {
    const word = args.slice();
    if (spells(word, 'INDENT')) style.indent = args.slice().copy();
    else if (spells(word, 'NEWLINE')) style.newline = args.slice().copy();
    else if (spells(word, 'SPACE')) style.space = args.slice().copy();
    else if (spells(word, 'FORMAT')) throw NO_FORMAT;
    // RedisJSON ignores it.
    else if (!spells(word, 'NOESCAPE')) {
      paths.push(jsonPath(word.toString()));
      work.parsePath(word.length);
    }
  }
  return { style, paths: paths.length === 0 ? [WHOLE] : paths };
}

const ARRAY = [Buffer.from('['), Buffer.from(']')] as const;
const OBJECT = [Buffer.from('{'), Buffer.from('}')] as const;

/**
 * Returns the values that paths match, as JSON: an array, or one value for a legacy path. Several paths give an object
 * with one member for each.
 * @throws CodedError if all paths are legacy paths, and one matches nothing.
 */
function textOf(document: JsonDocument, paths: readonly JsonPath[], style: Style, work: Work): Buffer {
  const isLegacy = paths.every((path) => path.isLegacy);
  const output = new TextOutput(MAX_JSON_REPLY_BYTES, 'the reply', document.bytes.length + 2);
  const json = new JsonText(output, style);
  const write = ({ segments }: JsonPath) => {
    const nodes = select(document, segments, work);
    if (!isLegacy) writeArray(json, document, nodes);
    else if (nodes.length === 0) throw NO_PATH;
    else json.value(document, nodes[0]);
  };
  if (paths.length === 1) write(paths[0]);
  else {
    json.open(OBJECT[0]);
    for (const path of new Map(paths.map((each) => [each.text, each])).values()) {
      json.item(Buffer.from(JSON.stringify(path.text)));
      write(path);
    }
    json.close(OBJECT[1]);
  }
  return output.bytes();
}

function writeArray(json: JsonText, document: JsonDocument, nodes: readonly Node[]): void {
  json.open(ARRAY[0]);
  for (const node of nodes) {
    json.item();
    json.value(document, node);
  }
  json.close(ARRAY[1]);
}

export const jsonGet = readsJson(
  {
    name: 'json.get',
    summary: 'Returns the values at paths, as JSON text.',
    complexity: 'O(N), where N is the length of the value',
    flags: ['readonly'],
    arity: -2,
    arguments: GET_ARGUMENTS,
    reply: GET_REPLY,
  },
  getOperation,
);

export const jsonMget: Command = {
  name: 'json.mget',
  summary: 'Returns the values at a path in several keys.',
  complexity: 'O(N), where N is the sum of the lengths of the values',
  group: 'json',
  flags: ['readonly'],
  arity: -3,
  arguments: [KEYS, PATH],
  reply:
    'array of what JSON.GET replies for each key, with null also for a key that is not JSON or lacks a legacy path',
  run(context, args) {
    const { client, reply } = context;
    const keys = Array.from({ length: args.left - 1 }, () => args.key(client));
    const path = readPath(args);
    const work = new Work();
    reply.array(keys.length);
    const size = new ReplySize();
    for (const key of keys) {
      const text = textOfKey(context, key, path, work);
      size.add(text);
      reply.bulkOrNull(text);
    }
  },
};

/** Returns undefined for a key that is missing or not JSON, or if a legacy path matches nothing. */
function textOfKey(context: Context, key: KeyName, path: JsonPath, work: Work): Buffer | undefined {
  const session = readKey(context, key);
  if (session === NO_SESSION || !context.engine.isString(session)) return undefined;
  try {
    const value = readValue(context, session);
    return value && textOf(documentOf(value, work), [path], COMPACT, work);
  } catch (error) {
    if (error === NO_PATH || error instanceof NotJsonError) return undefined;
    throw error;
  }
}
