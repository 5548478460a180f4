import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteStrings } from '../../../src/engine/fields/byte-strings.js';
import { Slice } from '../../../src/slice.js';

/** Bytes per piece. */
const PIECE = 65_532;

/** Short lengths, lengths of about one or a few pieces, and lengths of more pieces than are removed at once. */
const length = fc.oneof(
  fc.nat({ max: 20 }),
  fc.integer({ min: 2040, max: 2050 }),
  fc.nat({ max: 5 }).chain((pieces) => fc.integer({ min: -2, max: 2 }).map((off) => Math.max(0, pieces * PIECE + off))),
  fc.nat({ max: 400_000 }),
  { weight: 1, arbitrary: fc.integer({ min: 17 * PIECE, max: 40 * PIECE }) },
);

const patterned = (size: number, seed: number) =>
  Slice.of(Buffer.alloc(size, Buffer.from(Array.from({ length: 251 }, (_, i) => (seed + i * 7) & 255))));

function expectSame(actual: Slice, expected: Buffer): void {
  if (!actual.toBuffer().equals(expected)) expect.fail(`${actual.length} bytes that differ from ${expected.length}`);
}

describe('ByteStrings', () => {
  it('keeps what is written while strings are resized and removed and their pieces move', () => {
    const act = fc.record({
      act: fc.constantFrom('create', 'create', 'resize', 'write', 'zero', 'remove', 'reclaim'),
      which: fc.nat(),
      length,
      offset: fc.nat(),
      seed: fc.nat({ max: 255 }),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 150, size: 'max' }), (acts) => {
        const strings = new ByteStrings(() => {});
        const model = new Map<number, Buffer>();
        const write = (number: number, offset: number, part: Slice) => {
          strings.write(number, offset, part);
          part.writeTo(model.get(number) as Buffer, offset);
        };
        for (const { act, which, length, offset, seed } of acts) {
          const number = [...model.keys()][which % model.size];
          if (act === 'create' || number === undefined) {
            const created = strings.create(length);
            expect(model.has(created)).toBe(false);
            model.set(created, Buffer.alloc(length));
            write(created, 0, patterned(length, seed));
            continue;
          }
          const old = model.get(number) as Buffer;
          const at = offset % (old.length + 1);
          const part = Math.min(length, old.length - at);
          if (act === 'resize') {
            strings.resize(number, length);
            model.set(number, Buffer.concat([old.subarray(0, length), Buffer.alloc(Math.max(0, length - old.length))]));
            // Bytes that are added are undefined.
            if (length > old.length) write(number, old.length, patterned(length - old.length, seed));
          } else if (act === 'write') {
            write(number, at, patterned(part, seed));
          } else if (act === 'zero') {
            strings.zero(number, at, part);
            old.fill(0, at, at + part);
          } else if (act === 'remove') {
            strings.remove(number);
            model.delete(number);
          } else {
            strings.reclaim();
          }
        }
        for (const [number, bytes] of model) {
          expect(strings.length(number)).toBe(bytes.length);
          expectSame(strings.read(number, 0, bytes.length), bytes);
          const middle = bytes.length >>> 1;
          expectSame(
            strings.read(number, middle, Math.min(70_000, middle)),
            bytes.subarray(middle, middle + Math.min(70_000, middle)),
          );
          expect(strings.matches(number, 0, Slice.of(bytes))).toBe(true);
          if (bytes.length > 0) {
            const other = Buffer.from(bytes);
            other[bytes.length - 1] ^= 1;
            expect(strings.matches(number, 0, Slice.of(other))).toBe(false);
          }
        }
        while (strings.reclaim());
        expect([...model.keys()].reduce((sum, number) => sum + strings.memoryOf(number), 0)).toBe(strings.memory);
        for (const number of model.keys()) strings.remove(number);
        while (strings.reclaim());
        expect(strings.memory).toBe(0);
      }),
      { numRuns: 20 },
    );
  });

  it('finds its pieces after the arena has compacted them', () => {
    const strings = new ByteStrings(() => {});
    const numbers = Array.from({ length: 300 }, (_, i) => {
      const number = strings.create(150_000 + i);
      strings.write(number, 0, patterned(150_000 + i, i));
      return number;
    });
    for (const [i, number] of numbers.entries()) if (i % 5 !== 0) strings.remove(number);
    for (const [i, number] of numbers.entries()) {
      if (i % 5 === 0) expectSame(strings.read(number, 0, 150_000 + i), patterned(150_000 + i, i).toBuffer());
    }
  });

  it('serves as an array of words to which words are pushed, and from which they are popped', () => {
    const strings = new ByteStrings(() => {});
    const number = strings.create(0);
    const COUNT = 100_000;
    for (let i = 0; i < COUNT; i++) strings.pushWord(number, i * 3);
    expect(strings.length(number)).toBe(4 * COUNT);
    strings.setWord(number, 20_000, 5);
    expect([strings.word(number, 0), strings.word(number, 20_000), strings.word(number, COUNT - 1)]).toEqual([
      0,
      5,
      3 * COUNT - 3,
    ]);
    for (let i = COUNT - 1; i >= 0; i--) {
      const word = strings.popWord(number);
      if (word !== (i === 20_000 ? 5 : i * 3)) expect.fail(`${word} at ${i}`);
    }
    expect(strings.memoryOf(number)).toBe(ByteStrings.BYTES_PER_STRING);
  });
});
