import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MapFieldStore } from '../../src/engine/map-field-store.js';

const slot = fc.nat({ max: 40 });
const bytes = fc.uint8Array({ maxLength: 6 }).map((array) => Buffer.from(array));
const key = fc.oneof(bytes, fc.constantFrom(Buffer.from('a'), Buffer.from('b'), Buffer.alloc(0)));
const acts = fc.array(
  fc.oneof(
    fc.record({ act: fc.constant('set' as const), slot, key, value: bytes }),
    fc.record({ act: fc.constant('append' as const), slot, key, value: bytes }),
    fc.record({ act: fc.constant('delete' as const), slot, key }),
    fc.record({ act: fc.constant('clear' as const), slot }),
  ),
);

const hex = (buffer: Buffer) => buffer.toString('hex');

it('holds what a Map of Maps holds, counts it, and keeps no bytes of the caller', () => {
  fc.assert(
    fc.property(acts, (sequence) => {
      const store = new MapFieldStore();
      const model = new Map<number, Map<string, string>>();
      for (const step of sequence) {
        const fields = model.get(step.slot) ?? new Map<string, string>();
        model.set(step.slot, fields);
        if (step.act === 'clear') {
          expect(store.clear(step.slot)).toBe(fields.size);
          fields.clear();
          continue;
        }
        const name = hex(step.key);
        const old = fields.get(name);
        expect(store.has(step.slot, step.key)).toBe(old !== undefined);
        expect(store.valueLength(step.slot, step.key)).toBe((old ?? '').length / 2);
        // The store is handed copies that are overwritten afterwards.
        const given = Buffer.from(step.key);
        if (step.act === 'delete') {
          expect(store.delete(step.slot, given)).toBe(fields.delete(name));
        } else {
          const value = Buffer.from(step.value);
          if (step.act === 'set') store.set(step.slot, given, value);
          else store.append(step.slot, given, value);
          fields.set(name, step.act === 'set' ? hex(step.value) : (old ?? '') + hex(step.value));
          value.fill(0x55);
        }
        given.fill(0x55);
        expect(store.get(step.slot, step.key)?.toString('hex')).toBe(fields.get(name));
      }
      let keys = 0;
      let size = 0;
      for (const [number, fields] of model) {
        const seen: [string, string][] = [];
        store.forEach(number, (name, value) => seen.push([hex(name), hex(value)]));
        expect(seen).toEqual([...fields]);
        const length = [...fields].flat().join('').length / 2;
        expect(store.count(number)).toBe(fields.size);
        expect(store.size(number)).toBe(length);
        keys += fields.size;
        size += length;
      }
      expect([store.keys, store.bytes]).toEqual([keys, size]);
    }),
  );
});
