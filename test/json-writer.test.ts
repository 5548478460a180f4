import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonWriter } from '../src/json-writer.js';
import { Slice } from '../src/slice.js';

const base64 = (bytes: Buffer) => bytes.toString('base64');

/** Returns the JSON for these bytes. */
function jsonOf(bytes: Buffer): string {
  return JSON.stringify(isUtf8(bytes) ? bytes.toString() : { base64: base64(bytes) });
}

function keyOf(bytes: Buffer): string {
  const text = bytes.toString();
  return JSON.stringify(isUtf8(bytes) && !text.startsWith('base64:') ? text : `base64:${base64(bytes)}`);
}

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
  fc.string({ unit: 'binary', maxLength: 300 }).map((text) => Buffer.from(text)),
  fc
    .string({ unit: fc.constantFrom('\0', '"', '\\', 'a', '\n', 'ä'), maxLength: 300 })
    .map((text) => Buffer.from(text)),
  fc.constantFrom('', 'base64:', 'base64:x', 'base64').map((text) => Buffer.from(text)),
  fc.tuple(fc.constantFrom('a', '\x1f', '€'), fc.nat(3000)).map(([text, count]) => Buffer.from(text.repeat(count))),
);
const fields = fc.array(fc.tuple(bytes, bytes), { maxLength: 6 });

/** A slice in the middle of other bytes, none of which may appear. */
const within = (part: Buffer) =>
  new Slice(Buffer.concat([Buffer.from('"base64:'), part, Buffer.from('\0ä')]), 8, 8 + part.length);

function write(json: JsonWriter, pairs: readonly (readonly [Buffer, Buffer])[]): void {
  json.raw('{');
  pairs.forEach(([key, value], i) => {
    if (i > 0) json.raw(',');
    json.key(within(key));
    json.raw(':');
    json.value(within(value));
  });
}

const expectedOf = (pairs: readonly (readonly [Buffer, Buffer])[]) =>
  `{${pairs.map(([key, value]) => `${keyOf(key)}:${jsonOf(value)}`).join(',')}}`;

describe('the JSON writer', () => {
  const json = new JsonWriter();

  it('writes what JSON.stringify writes if it fits, to the last byte', () => {
    fc.assert(
      fc.property(fields, fc.nat(12), (pairs, distance) => {
        const expected = expectedOf(pairs);
        const limit = Buffer.byteLength(expected) + distance - 6;
        json.begin(limit, '}');
        write(json, pairs);
        expect(json.full).toBe(distance < 6);
        if (distance >= 6) expect(json.take().toString()).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('returns to a mark before the text was full', () => {
    fc.assert(
      fc.property(fields, fields, (kept, dropped) => {
        json.begin(Buffer.byteLength(expectedOf(kept)), '}');
        write(json, kept);
        const mark = json.mark;
        write(json, dropped);
        expect(json.full).toBe(true);
        expect(json.room).toBe(0);
        json.rewind(mark);
        expect(json.take().toString()).toBe(expectedOf(kept));
      }),
    );
  });

  it('returns a text that stays valid if it is longer than the reused buffer', () => {
    const long = Buffer.alloc(JsonWriter.KEPT_BYTES, 'a');
    json.begin(1e6, '');
    json.value(Slice.of(long));
    const taken = json.take();
    json.begin(1e6, '');
    json.value(Slice.of(Buffer.alloc(JsonWriter.KEPT_BYTES, 'b')));
    expect(taken.toString()).toBe(JSON.stringify(long.toString()));
  });
});
