import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JsonDocument } from '../../src/json/json-document.js';
import { Work } from '../../src/json/limits.js';
import { parsePath } from '../../src/json/path-syntax.js';
import { select } from '../../src/json/query.js';

/** The package that parses paths brings the JSONPath Compliance Test Suite along. */
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
