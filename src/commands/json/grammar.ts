import { JsonDocument } from '../../json/json-document.js';
import { type JsonPath, jsonPath, WHOLE } from '../../json/json-path.js';
import { compactText } from '../../json/json-text.js';
import { MAX_JSON_BYTES, Work } from '../../json/limits.js';
import type { Request } from '../../resp/request.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Argument } from '../declaration/command.js';

// The arguments that commands on JSON share.

export const PATH: Argument = { name: 'path', type: 'string' };
export const OPTIONAL_PATH: Argument = { ...PATH, optional: true };
export const JSON_VALUE: Argument = { name: 'json', type: 'string' };
export const JSON_VALUES: Argument = { ...JSON_VALUE, multiple: true };

export function readPath(args: Arguments): JsonPath {
  return jsonPath(args.text());
}

/** Takes a path that may be left out: the whole value. */
export function readOptionalPath(args: Arguments): JsonPath {
  return args.left === 0 ? WHOLE : readPath(args);
}

/** Takes a JSON value. @param name The argument's name in the usage, for errors. */
export function readJson(args: Arguments, name = 'json'): JsonDocument {
  // The request's bytes may be gone when the command needs it.
  return JsonDocument.parse(args.slice().copy(), `the argument ${name}`);
}

/**
 * Takes all remaining arguments: one or more JSON values. Returns them without white space.
 * @throws CodedError if parsing them takes too long.
 */
export function readJsonTexts(args: Arguments): Buffer[] {
  const work = new Work();
  const texts = [readJsonText(args, work)];
  while (args.left > 0) texts.push(readJsonText(args, work));
  return texts;
}

/** Takes one of several JSON values, whose parsing is counted. Returns it without white space. */
export function readJsonText(args: Arguments, work: Work): Buffer {
  const document = readJson(args);
  work.parse(document.bytes.length);
  return compactText(document);
}

/** What only paths have that may match several values. */
const MAY_BE_SEVERAL = /[*?:,]|\.\./;

/**
 * Returns the `growth` of a command that writes its JSON to each place that a path matches.
 * @param path Which word of the request is the path.
 */
export function growthAt(path: number): (request: Request) => number {
  return (request) => {
    const isMany = request.length > path && MAY_BE_SEVERAL.test(request.word(path).latin1());
    return isMany ? request.bytes + MAX_JSON_BYTES : request.bytes;
  };
}
