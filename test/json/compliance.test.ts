import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JsonDocument } from '../../src/json/json-document.js';
import { Work } from '../../src/json/limits.js';
import { parsePath } from '../../src/json/path-syntax.js';
import { select } from '../../src/json/query.js';

/** This package brings the JSONPath Compliance Test Suite along. Nothing else of it is used. */
const PACKAGE = dirname(createRequire(import.meta.url).resolve('jsonpath-rfc9535/package.json'));
const SUITE = join(PACKAGE, 'src/__tests__/jsonpath-compliance-test-suite/cts.json');

interface Case {
  readonly name: string;
  readonly selector: string;
  readonly invalid_selector?: true;
  readonly document?: unknown;
  readonly result?: unknown[];
  /** The possible results, if the order of an object's members decides. */
  readonly results?: unknown[][];
}

const { tests } = JSON.parse(readFileSync(SUITE, 'utf8')) as { tests: Case[] };

describe('the JSONPath Compliance Test Suite', () => {
  it.each(tests)('$name', ({ selector, invalid_selector, document, result, results }) => {
    if (invalid_selector) {
      expect(() => parsePath(selector)).toThrow('invalid path');
      return;
    }
    const parsed = JsonDocument.parse(Buffer.from(JSON.stringify(document)), 'the document');
    const nodes = select(parsed, parsePath(selector), new Work());
    const values = nodes.map((node) => JSON.parse(parsed.text(node).toString()));
    expect(results ?? [result]).toContainEqual(values);
  });
});

describe('a path', () => {
  it('has conditions that are joined from left to right, and && before ||', () => {
    // The suite has no filter with three conditions.
    const numbers = Array.from({ length: 16 }, (_, i) => ({ a: i & 1, b: i & 2, c: i & 4, d: i & 8 }));
    const document = JsonDocument.parse(Buffer.from(JSON.stringify(numbers)), 'the document');
    const matching = (filter: string) =>
      select(document, parsePath(`$[?${filter}]`), new Work()).map((node) =>
        JSON.parse(document.text(node).toString()),
      );
    const [a, b, c, d] = ['@.a>0', '@.b>0', '@.c>0', '@.d>0'];
    expect(matching(`${a} && ${b} && ${c} && ${d}`)).toEqual(numbers.slice(15));
    expect(matching(`${a} || ${b} || ${c} || ${d}`)).toEqual(numbers.slice(1));
    expect(matching(`${a} && ${b} && ${c} || ${d}`)).toEqual(numbers.filter((n) => (n.a && n.b && n.c) || n.d));
    expect(matching(`${a} || ${b} && ${c} && ${d}`)).toEqual(numbers.filter((n) => n.a || (n.b && n.c && n.d)));
    expect(matching(`${a} && (${b} || ${c}) && !(${d})`)).toEqual(numbers.filter((n) => n.a && (n.b || n.c) && !n.d));
  });
});
