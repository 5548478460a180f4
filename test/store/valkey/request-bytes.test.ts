import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Slice } from '../../../src/slice.js';
import type { Argument } from '../../../src/store/valkey/nodes/nodes.js';
import { bulkString, RequestBytes } from '../../../src/store/valkey/nodes/request-bytes.js';

const bytes = fc.uint8Array({ maxLength: 100 }).map((array) => Buffer.from(array));
const argument: fc.Arbitrary<Argument> = fc.oneof(
  bytes,
  bytes.map((all) => new Slice(all, Math.min(2, all.length), all.length)),
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc.string({ maxLength: 80 }),
  fc.integer(),
  fc.constantFrom(0, 9, 10, 99, 100, 999_999_999_999_999, 1e15, 2 ** 53, -1, 0.5),
);

function bytesOf(arg: Argument): Buffer {
  if (arg instanceof Slice) return arg.copy();
  return typeof arg === 'object' ? Buffer.from(arg) : Buffer.from(String(arg));
}

describe('the bytes of a request', () => {
  it('are what the protocol demands, whatever the arguments', () => {
    const encoder = new RequestBytes(512);
    fc.assert(
      fc.property(fc.array(argument, { maxLength: 6 }), (args) => {
        const start = encoder.append(bulkString('FCALL'), 1, args);
        const parts = args.map(bytesOf).flatMap((one) => [Buffer.from(`$${one.length}\r\n`), one, Buffer.from('\r\n')]);
        const expected = Buffer.concat([Buffer.from(`*${args.length + 1}\r\n$5\r\nFCALL\r\n`), ...parts]);
        expect(encoder.chunk.subarray(start, encoder.end).toString('latin1')).toBe(expected.toString('latin1'));
      }),
    );
  });
});
