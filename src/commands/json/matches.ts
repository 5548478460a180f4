import { CodedError } from '../../errors.js';
import { Edits } from '../../json/edits.js';
import type { JsonDocument, Node } from '../../json/json-document.js';
import type { JsonPath } from '../../json/json-path.js';
import type { Work } from '../../json/limits.js';
import { select } from '../../json/query.js';
import type { ReplyEncoder } from '../../resp/reply-encoder.js';
import type { Slice } from '../../slice.js';
import { documentOf, type Outcome } from './operation.js';

// Errors of RedisJSON, in its words.

export const NO_KEY = new CodedError('ERR', "could not perform this operation on a key that doesn't exist");
export const NO_PATH = new CodedError('ERR', 'Path does not exist');

/** The error for a legacy path that leads to no value of the wanted type. @param what As in `not an array`. */
export function noPathOr(what: string): CodedError {
  return new CodedError('ERR', `Path does not exist or ${what}`);
}

export function wrongType(expected: string): CodedError {
  return new CodedError('WRONGTYPE', `wrong type of path value - expected ${expected}`);
}

/**
 * What a command replies about each value that a path matches; undefined where the value is of another type. For a
 * legacy path, the reply is about one value.
 */
export interface Matches<Item> {
  readonly isLegacy: boolean;
  readonly items: readonly (Item | undefined)[];
}

/** Writes `Matches`: an array or, for a legacy path, its one item. Undefined is null. */
export function writeMatches<Item>(
  reply: ReplyEncoder,
  { isLegacy, items }: Matches<Item>,
  write: (reply: ReplyEncoder, item: Item) => void,
): void {
  if (!isLegacy) reply.array(items.length);
  for (const item of items) {
    if (item === undefined) reply.null();
    else write(reply, item);
  }
}

export function writeCounts(reply: ReplyEncoder, matches: Matches<number>): void {
  writeMatches(reply, matches, (to, count) => to.integer(count));
}

/** What `readMatches` replies where there is nothing to look at. An error is thrown. */
interface Absent {
  /** There is no value at all. */
  readonly key?: CodedError;
  /** There is no value at all, and the path is a legacy path. Null if undefined. */
  readonly legacyKey?: CodedError;
  /** A legacy path matches nothing. Null if undefined. */
  readonly legacyPath?: CodedError;
  /** A legacy path matches a value of another type. */
  readonly legacyType: CodedError;
}

/**
 * Looks at each value that a path matches; for a legacy path, at the first.
 * @param look Returns undefined for a value of another type.
 */
export function readMatches<Item>(
  value: Slice | undefined,
  { segments, isLegacy }: JsonPath,
  work: Work,
  { key, legacyKey, legacyPath, legacyType }: Absent,
  look: (document: JsonDocument, node: Node) => Item | undefined,
): Outcome<Matches<Item>> {
  if (value === undefined) {
    const error = isLegacy ? legacyKey : key;
    if (error !== undefined) throw error;
    return { result: { isLegacy: true, items: [undefined] } };
  }
  const document = documentOf(value, work);
  const nodes = select(document, segments, work);
  if (!isLegacy) return { result: { isLegacy, items: nodes.map((node) => look(document, node)) } };
  if (nodes.length === 0) {
    if (legacyPath !== undefined) throw legacyPath;
    return { result: { isLegacy, items: [undefined] } };
  }
  const item = look(document, nodes[0]);
  if (item === undefined) throw legacyType;
  return { result: { isLegacy, items: [item] } };
}

/**
 * Changes each value that a path matches. For a legacy path, the reply is about the last.
 * @param otherwise What a legacy path leads to that leads to nothing to change, as in `not an array`.
 * @param change Changes a value. Returns what to reply about it, or undefined for a value of another type.
 */
export function changeMatches<Item>(
  value: Slice | undefined,
  { segments, isLegacy }: JsonPath,
  work: Work,
  otherwise: string,
  change: (document: JsonDocument, node: Node, edits: Edits) => Item | undefined,
): Outcome<Matches<Item>> {
  if (value === undefined) throw NO_KEY;
  const document = documentOf(value, work);
  const nodes = select(document, segments, work);
  const edits = new Edits(document, work);
  const results = new Map<Node, Item | undefined>();
  // Inner values first, and those behind before those in front: a change must not see what comes after it.
  for (const node of [...new Set(nodes)].sort((a, b) => b - a)) results.set(node, change(document, node, edits));
  const items = nodes.map((node) => results.get(node));
  const text = edits.isEmpty ? undefined : edits.apply();
  if (!isLegacy) return { result: { isLegacy, items }, text };
  const last = items.findLast((item) => item !== undefined);
  if (last === undefined) throw noPathOr(otherwise);
  return { result: { isLegacy, items: [last] }, text };
}
