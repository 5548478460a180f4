import { Edits } from '../../json/edits.js';
import type { JsonDocument } from '../../json/json-document.js';
import type { JsonPath } from '../../json/json-path.js';
import type { Work } from '../../json/limits.js';
import { MergePatch, mergedIntoNothing } from '../../json/merge-patch.js';
import { select } from '../../json/query.js';
import type { Slice } from '../../slice.js';
import { outermost } from './del.js';
import { growthAt, JSON_VALUE, PATH, readJson, readPath } from './grammar.js';
import { changesJson } from './json-key.js';
import { documentOf, type JsonOperation, type Outcome } from './operation.js';
import { create, NEW_AT_ROOT, setOperation } from './set.js';

/** Its result is whether something was merged. */
export const mergeOperation: JsonOperation<boolean> = {
  read(args) {
    const path = readPath(args);
    const patch = readJson(args);
    args.end();
    return (value, work) => merge(value, path, patch, work);
  },
  write: setOperation.write,
};

function merge(value: Slice | undefined, path: JsonPath, patch: JsonDocument, work: Work): Outcome<boolean> {
  if (value === undefined) {
    if (path.segments.length > 0) throw NEW_AT_ROOT;
    return { result: true, text: mergedIntoNothing(patch, work) };
  }
  const document = documentOf(value, work);
  const nodes = outermost(document, select(document, path.segments, work));
  if (nodes.length === 0) return create(document, path, mergedIntoNothing(patch, work), work);
  const edits = new Edits(document, work);
  const merging = new MergePatch(document, patch, edits, work);
  for (const node of nodes) merging.mergeInto(node);
  return { result: true, text: edits.isEmpty ? undefined : edits.apply() };
}

export const jsonMerge = changesJson(
  {
    name: 'json.merge',
    summary: 'Merges a JSON value into what a path matches, as RFC 7396 defines it: null removes a member.',
    complexity: 'O(N + M), where N is the length of the current value and M that of the given one',
    flags: ['write', 'denyoom'],
    arity: 4,
    arguments: [PATH, JSON_VALUE],
    reply: 'OK; null if the object to which the path would add a member does not exist',
    growth: growthAt(2),
  },
  mergeOperation,
);
