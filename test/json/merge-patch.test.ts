import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Edits } from '../../src/json/edits.js';
import { JsonDocument, ROOT } from '../../src/json/json-document.js';
import { Work } from '../../src/json/limits.js';
import { MergePatch, mergedIntoNothing } from '../../src/json/merge-patch.js';

const parse = (value: unknown) => JsonDocument.parse(Buffer.from(JSON.stringify(value)), 'the value');

function merged(target: unknown, patch: unknown): unknown {
  const document = parse(target);
  const edits = new Edits(document, new Work());
  new MergePatch(document, parse(patch), edits, new Work()).mergeInto(ROOT);
  return JSON.parse(edits.apply().toString());
}

type Members = Record<string, unknown>;
const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The algorithm as RFC 7396 writes it. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name);
    else result.set(name, mergePatch(result.get(name), value));
  }
  return Object.fromEntries(result);
}

describe('a merge patch', () => {
  // Appendix A of RFC 7396.
  it.each([
    ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
    ['{"a":"b"}', '{"a":null}', '{}'],
    ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
    ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
    ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
    ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
    ['["a","b"]', '["c","d"]', '["c","d"]'],
    ['{"a":"b"}', '["c"]', '["c"]'],
    ['{"a":"foo"}', 'null', 'null'],
    ['{"a":"foo"}', '"bar"', '"bar"'],
    ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
    ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
    ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
  ])('of %s with %s gives %s', (target, patch, result) => {
    expect(merged(JSON.parse(target), JSON.parse(patch))).toEqual(JSON.parse(result));
  });

  it('does what the algorithm of RFC 7396 does', () => {
    const names = fc.constantFrom('a', 'b', 'c', '__proto__');
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, 1, 'x', [null, { a: null }]),
        fc.array(fc.tuple(names, tie('value'))).map((members) => Object.fromEntries(members)),
      ),
    }));
    fc.assert(
      fc.property(value, value, (target, patch) => {
        expect(merged(target, patch)).toEqual(mergePatch(target, patch));
        expect(JSON.parse(mergedIntoNothing(parse(patch), new Work()).toString())).toEqual(
          mergePatch(undefined, patch),
        );
      }),
    );
  });
});
