import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NameIndex } from '../../../src/engine/names/name-index.js';
import { KeyedHash } from '../../../src/engine/tables/keyed-hash.js';
import { Flag, NONE, SlotTable } from '../../../src/engine/tables/slot-table.js';
import { Slice } from '../../../src/slice.js';

describe('NameIndex', () => {
  it('holds what a list of sessions per name holds, through growth and removals', () => {
    const name = fc.oneof(
      fc.nat({ max: 9 }).map((number) => Buffer.from(`user:${number}`)),
      fc.nat({ max: 5000 }).map((number) => Buffer.from(`user:${number}`)),
      fc.uint8Array({ minLength: 1, maxLength: 512 }).map((bytes) => Buffer.from(bytes)),
    );
    const act = fc.record({ name, shared: fc.boolean(), remove: fc.option(fc.nat(), { freq: 2 }) });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 5000, size: 'max' }), (acts) => {
        const slots = new SlotTable();
        const index = new NameIndex(slots, new KeyedHash());
        const model = new Map<string, { sessions: number[]; shared: number }>();
        const live: { slot: number; name: Buffer }[] = [];
        for (const { name, shared, remove } of acts) {
          if (remove !== null && live.length > 0) {
            const [gone] = live.splice(remove % live.length, 1);
            const key = gone.name.toString('hex');
            const known = model.get(key);
            if (known === undefined) throw new Error('the model is wrong');
            known.sessions = known.sessions.filter((slot) => slot !== gone.slot);
            if (known.shared === gone.slot) known.shared = NONE;
            if (known.sessions.length === 0) model.delete(key);
            index.remove(gone.slot);
            slots.release(gone.slot);
          } else {
            const slot = slots.allocate(Flag.Session);
            const key = name.toString('hex');
            const known = model.get(key) ?? { sessions: [], shared: NONE };
            known.sessions.push(slot);
            if (shared) known.shared = slot;
            model.set(key, known);
            const given = Buffer.from(name);
            index.add(Slice.of(given), slot, shared);
            given.fill(0);
            live.push({ slot, name });
          }
        }
        expect(index.size).toBe(model.size);
        let memory = 0;
        for (const [key, { sessions, shared }] of model) {
          const found = Buffer.from(key, 'hex');
          const list: number[] = [];
          for (let slot = index.oldest(Slice.of(found)); slot !== NONE; slot = slots.newer(slot)) list.push(slot);
          expect(list).toEqual(sessions);
          expect([index.count(Slice.of(found)), index.shared(Slice.of(found))]).toEqual([sessions.length, shared]);
          expect(index.sliceOf(sessions[0]).toBuffer()).toEqual(found);
          expect(index.sliceOf(sessions[0]).latin1()).toBe(found.toString('latin1'));
          memory += NameIndex.bytesFor(found.length);
        }
        expect(index.memory).toBe(memory);
        expect(index.count(Slice.of('nobody'))).toBe(0);
        for (const { slot } of live) index.remove(slot);
        expect([index.size, index.memory]).toEqual([0, 0]);
      }),
      { numRuns: 40 },
    );
  });
});

describe('KeyedHash', () => {
  const hash = new KeyedHash(Uint32Array.of(0x03020100, 0x07060504));

  it('depends on every byte, on the number of bytes and on the key', () => {
    const seen = new Set<number>();
    const bytes = Buffer.from('user:0123456789');
    for (let length = 0; length <= bytes.length; length++) seen.add(hash.of(new Slice(bytes, 0, length)));
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 1; bit < 256; bit *= 2)
        seen.add(hash.of(Slice.of(Buffer.from(bytes.map((byte, i) => (i === at ? byte ^ bit : byte))))));
    }
    for (let zeros = 1; zeros < 10; zeros++) seen.add(hash.of(Slice.of(Buffer.alloc(zeros))));
    expect(seen.size).toBe(16 + 15 * 8 + 9);
    const all = Slice.of(bytes);
    expect(new KeyedHash().of(all)).not.toBe(hash.of(all));
    expect(hash.of(new Slice(Buffer.from(`xx${bytes}xx`), 2, 2 + bytes.length))).toBe(hash.of(all));
  });

  it('spreads similar names', () => {
    const places = new Uint32Array(1024);
    for (let i = 0; i < 102_400; i++) places[hash.of(Slice.of(`user:${i}`)) & 1023]++;
    expect(Math.max(...places)).toBeLessThan(160);
    expect(Math.min(...places)).toBeGreaterThan(50);
  });
});
