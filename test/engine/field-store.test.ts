import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FieldStore } from '../../src/engine/field-store.js';
import { MapFieldStore } from '../../src/engine/map-field-store.js';
import { PackedFieldStore } from '../../src/engine/packed-field-store.js';
import { Slice } from '../../src/slice.js';

const slot = fc.oneof({ weight: 3, arbitrary: fc.nat({ max: 3 }) }, fc.nat({ max: 3000 }));
/** Mostly short; some about where a length takes two bytes, and where a record gets too large to be packed. */
const length = fc.oneof(
  { weight: 6, arbitrary: fc.nat({ max: 6 }) },
  fc.integer({ min: 120, max: 135 }),
  fc.nat({ max: 2100 }),
);
const bytes = fc
  .tuple(length, fc.nat({ max: 255 }))
  .map(([size, seed]) => Buffer.from(Array.from({ length: size }, (_, i) => seed + i)));
const few = fc.nat({ max: 99 }).map((number) => Buffer.from(String(number)));
const key = fc.oneof(bytes, few, fc.constantFrom(Buffer.from('a'), Buffer.from('b'), Buffer.alloc(0)));
const acts = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ act: fc.constant('set' as const), slot, key, value: bytes }) },
    fc.record({
      act: fc.constant('write' as const),
      slot,
      key,
      value: bytes,
      /** Where from: the end, or a place. */
      offset: fc.oneof(fc.constant(undefined), length),
    }),
    fc.record({ act: fc.constant('delete' as const), slot, key }),
    fc.record({ act: fc.constant('clear' as const), slot }),
    fc.record({ act: fc.constant('fill' as const), slot, pairs: fc.array(fc.tuple(key, bytes), { maxLength: 70 }) }),
  ),
  // A session of many keys has to come up, too.
  { maxLength: 400, size: 'max' },
);

const hex = (buffer: Buffer) => buffer.toString('hex');
const offsetIn = (old = '', offset = old.length / 2) => offset;

/** A value in hex with a part of it overwritten, from `offset` on, or from its end. */
function overwritten(old: string, offset: number | undefined, part: Buffer): string {
  const at = offsetIn(old, offset) * 2;
  return old.slice(0, at).padEnd(at, '0') + hex(part) + old.slice(at + part.length * 2);
}

it.each([
  ['packed', () => new PackedFieldStore()],
  ['a Map each', () => new MapFieldStore()],
] as [string, () => FieldStore][])(
  '%s: holds what a Map of Maps holds, counts it, and keeps no bytes of the caller',
  (_, create) => {
    fc.assert(
      fc.property(acts, (sequence) => {
        const store = create();
        const model = new Map<number, Map<string, string>>();
        for (const step of sequence) {
          const fields = model.get(step.slot) ?? new Map<string, string>();
          model.set(step.slot, fields);
          if (step.act === 'clear') {
            expect(store.clear(step.slot)).toBe(fields.size);
            fields.clear();
            continue;
          }
          if (step.act === 'fill') {
            // Only a slot without keys is filled.
            store.clear(step.slot);
            fields.clear();
            const given = step.pairs.flat().map((part) => Buffer.from(part));
            store.fill(step.slot, given.map(Slice.of));
            for (const part of given) part.fill(0x55);
            for (const [name, value] of step.pairs) fields.set(hex(name), hex(value));
            continue;
          }
          const name = hex(step.key);
          const old = fields.get(name);
          expect(store.has(step.slot, Slice.of(step.key))).toBe(old !== undefined);
          expect(store.valueLength(step.slot, Slice.of(step.key))).toBe((old ?? '').length / 2);
          // The store is handed copies that are overwritten afterwards.
          const given = Buffer.from(step.key);
          if (step.act === 'delete') {
            expect(store.delete(step.slot, Slice.of(given))).toBe(fields.delete(name));
          } else {
            const value = Buffer.from(step.value);
            if (step.act === 'set') store.set(step.slot, Slice.of(given), Slice.of(value));
            else store.write(step.slot, Slice.of(given), offsetIn(old, step.offset), Slice.of(value));
            fields.set(name, step.act === 'set' ? hex(step.value) : overwritten(old ?? '', step.offset, step.value));
            value.fill(0x55);
          }
          given.fill(0x55);
          const whole = fields.get(name);
          for (const [offset, length] of [
            [0, 3],
            [2, 130],
            [1000, 5000],
          ]) {
            const part = store.read(step.slot, Slice.of(step.key), offset, length)?.copy().toString('hex');
            expect(part).toBe(whole?.slice(offset * 2, (offset + length) * 2));
          }
          expect(store.get(step.slot, Slice.of(step.key))?.copy().toString('hex')).toBe(fields.get(name));
        }
        let keys = 0;
        let size = 0;
        for (const [number, fields] of model) {
          const seen: [string, string][] = [];
          store.forEach(number, (name, value) => {
            // Looking others up meanwhile changes nothing.
            expect(store.has(number, name)).toBe(true);
            store.get(number, Slice.of('nobody'));
            seen.push([hex(name.toBuffer()), hex(value.toBuffer())]);
          });
          expect(seen).toEqual([...fields]);
          const scanned = new Map<string, number>();
          let cursor = 0;
          do {
            cursor = store.scanFields(number, cursor, 7, (name, length) => {
              expect(store.read(number, name, 0, length)?.length).toBe(length);
              expect(scanned.has(hex(name.toBuffer()))).toBe(false);
              scanned.set(hex(name.toBuffer()), length);
            });
          } while (cursor !== 0);
          expect(scanned).toEqual(new Map([...fields].map(([name, value]) => [name, value.length / 2])));
          const length = [...fields].flat().join('').length / 2;
          expect(store.count(number)).toBe(fields.size);
          expect(store.size(number)).toBe(length);
          keys += fields.size;
          size += length;
        }
        expect([store.keys, store.bytes]).toEqual([keys, size]);
        expect([...model.keys()].reduce((sum, number) => sum + store.memoryOf(number), 0)).toBe(store.memory);
        for (const number of model.keys()) store.clear(number);
        expect([store.keys, store.bytes, store.memory]).toEqual([0, 0, 0]);
      }),
    );
  },
);

it('tells how a session is laid out: packed until it has too many keys or bytes, and again when it was cleared', () => {
  const store = new PackedFieldStore();
  const one = Slice.of('1');
  for (let i = 0; i < 64; i++) store.set(1, Slice.of(`key${i}`), one);
  store.set(2, one, Slice.of(Buffer.alloc(2000)));
  expect([store.encoding(1), store.encoding(2), store.encoding(3)]).toEqual(['packed', 'packed', 'packed']);
  store.set(1, Slice.of('one more'), one);
  store.write(2, one, 2000, Slice.of(Buffer.alloc(100)));
  expect([store.encoding(1), store.encoding(2)]).toEqual(['hashed', 'hashed']);
  expect([store.count(1), store.get(2, one)?.length]).toEqual([65, 2100]);
  store.clear(1);
  store.delete(2, one);
  store.set(1, one, one);
  expect([store.encoding(1), store.encoding(2), store.keys]).toEqual(['packed', 'packed', 1]);
});
