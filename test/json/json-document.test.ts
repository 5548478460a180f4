import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Edits } from '../../src/json/edits.js';
import { JsonDocument, type Node, ROOT } from '../../src/json/json-document.js';
import { compactText } from '../../src/json/json-text.js';
import { Work } from '../../src/json/limits.js';

const parse = (text: string) => JsonDocument.parse(Buffer.from(text), 'the text');
/** Values, and a way to write them: with white space, and with strings written as escapes. */
const values = fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' });
const indents = fc.constantFrom('', ' ', '\t', '\r\n ');

/** Text that JSON.parse takes or refuses, often only a little wrong. */
const texts = fc
  .tuple(
    values,
    indents,
    fc.nat(),
    fc.constantFrom('', '"', '\\', ',', '[', '}', '0', '.', 'e', '-', ' ', '\u0000'),
    fc.nat(2),
  )
  .map(([value, indent, at, inserted, removed]) => {
    const text = JSON.stringify(value, null, indent);
    const place = at % (text.length + 1);
    return text.slice(0, place) + inserted + text.slice(place + removed);
  });

/** Returns the value of a node, built from what the document says of it. */
function jsonOf(document: JsonDocument, node: Node): unknown {
  if (document.isArray(node)) return document.children(node).map((child) => jsonOf(document, child));
  if (!document.isObject(node)) return document.scalar(node);
  // No property can be set under the name __proto__ by assignment.
  return Object.fromEntries(document.children(node).map((child) => [document.name(child), jsonOf(document, child)]));
}

describe('JsonDocument', () => {
  it('has the values that JSON.parse has', () => {
    fc.assert(
      fc.property(values, indents, (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        fc.pre(!/\\ud[89a-f]/.test(text));
        const document = parse(text);
        expect(jsonOf(document, ROOT)).toEqual(JSON.parse(text));
        expect(compactText(document).toString()).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it('takes what JSON.parse takes, except for repeated names and halves of surrogate pairs', () => {
    fc.assert(
      fc.property(texts, (text) => {
        // As UTF-8 it would be another text.
        fc.pre(Buffer.from(text).toString() === text);
        let isJson = true;
        let refusal = '';
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        try {
          expect(jsonOf(parse(text), ROOT)).toEqual(JSON.parse(text));
        } catch (error) {
          refusal = (error as Error).message;
        }
        if (isJson) expect(refusal).toMatch(/^$|surrogate pair|two members with one name/);
        else expect(refusal).toContain('the text is not JSON');
      }),
      { numRuns: 300 },
    );
  });

  it('keeps numbers and strings as they are written', () => {
    const text = '[12345678901234567890,1.0,1e400,-0,"\\u0041\\/","\\ud83d\\ude00"]';
    expect(compactText(parse(text.replaceAll(',', ' , '))).toString()).toBe(text);
  });
});

type Operation = readonly ['replace' | 'remove' | 'insert' | 'add', at: number, place: number, value: unknown];

const operations: fc.Arbitrary<Operation[]> = fc.array(
  fc.tuple(
    fc.constantFrom('replace' as const, 'remove' as const, 'insert' as const, 'add' as const),
    fc.nat(),
    fc.nat(),
    fc.jsonValue({ maxDepth: 1 }),
  ),
  { maxLength: 6 },
);

describe('Edits', () => {
  it('change what they are told to, and nothing else', () => {
    fc.assert(
      fc.property(values, indents, operations, (value, indent, wanted) => {
        const text = JSON.stringify(value, null, indent);
        fc.pre(!/\\ud[89a-f]/.test(text));
        const document = parse(text);
        const edits = new Edits(document, new Work());
        const model = new Map<Node, Operation>();
        for (const operation of wanted) {
          const [type, at, place, given] = operation;
          const node = at % document.next(ROOT);
          const json = Buffer.from(JSON.stringify(given));
          if (model.has(node) || (type === 'remove' && node === ROOT)) continue;
          if (type === 'insert' && !document.isArray(node)) continue;
          if (type === 'add' && !document.isObject(node)) continue;
          if (type === 'replace') edits.replace(node, json);
          else if (type === 'remove') edits.remove(node);
          else if (type === 'insert') edits.insert(node, place % (document.count(node) + 1), [json, json]);
          else edits.addMember(node, Buffer.from('"a new name"'), json);
          model.set(node, operation);
        }
        const changed = edits.apply().toString();
        expect(JSON.parse(changed)).toEqual(changedValue(document, ROOT, model));
        if (model.size === 0) expect(changed).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  it('leave the rest of the text as it is', () => {
    const document = parse('{ "a" : [ 1.00 , { "x" : 1 } ] , "b":2e5 }');
    const [a, b] = document.children(ROOT);
    const edits = new Edits(document, new Work());
    edits.replace(b, Buffer.from('3'));
    expect(edits.apply().toString()).toBe('{"a" : [ 1.00 , { "x" : 1 } ],"b":3}');
    edits.insert(a, 1, [Buffer.from('7')]);
    expect(edits.apply().toString()).toBe('{"a" : [1.00,7,{ "x" : 1 }],"b":3}');
  });
});

/** Does to a value what the operations say. */
function changedValue(document: JsonDocument, node: Node, model: ReadonlyMap<Node, Operation>): unknown {
  const [type, , place, given] = model.get(node) ?? [];
  if (type === 'replace') return given;
  const kept = (child: Node) => model.get(child)?.[0] !== 'remove';
  if (document.isArray(node)) {
    const children = document.children(node);
    const at = (place ?? 0) % (children.length + 1);
    const inserted = (index: number) => (type === 'insert' && index === at ? [given, given] : []);
    return [
      ...children.flatMap((child, i) => [
        ...inserted(i),
        ...(kept(child) ? [changedValue(document, child, model)] : []),
      ]),
      ...inserted(children.length),
    ];
  }
  if (!document.isObject(node)) return document.scalar(node);
  const members = document
    .children(node)
    .filter(kept)
    .map((child): [string, unknown] => [document.name(child), changedValue(document, child, model)]);
  return Object.fromEntries(type === 'add' ? [...members, ['a new name', given]] : members);
}
