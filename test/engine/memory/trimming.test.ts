import { describe, expect, it } from 'vitest';
import { PackedFieldStore } from '../../../src/engine/fields/packed-field-store.js';
import { NameIndex } from '../../../src/engine/names/name-index.js';
import { KeyedHash } from '../../../src/engine/tables/keyed-hash.js';
import { Flag, NONE, SlotTable } from '../../../src/engine/tables/slot-table.js';
import { TimingWheel } from '../../../src/engine/time/timing-wheel.js';
import { Slice } from '../../../src/slice.js';

/** Calls `trim` until nothing is left to trim. Returns how often there was something. */
function all(trim: () => boolean): number {
  let times = 0;
  while (trim()) times++;
  return times;
}

const COUNT = 300_000;
const every = (number: number) => Slice.of(`user:${number}`);

describe('trimming', () => {
  it('frees the slots after the last one in use, and they can be used again', () => {
    const slots = new SlotTable();
    let inOrder = 0;
    while (inOrder < COUNT && slots.allocate(Flag.Session) === inOrder) inOrder++;
    expect(inOrder).toBe(COUNT);
    const version = slots.version(COUNT - 1);
    slots.setToken(5, Uint32Array.of(1, 2, 3, 4));
    for (let slot = 0; slot < COUNT; slot++) if (slot !== 5) slots.release(slot);
    expect([slots.used, slots.taken]).toEqual([6, 1]);
    expect(all(() => slots.trim())).toBeGreaterThan(3);
    expect(slots.created.length).toBeLessThan(10_000);
    expect([...slots.token.subarray(20, 24)]).toEqual([1, 2, 3, 4]);
    for (let slot = 1; slot < COUNT; slot++) slots.allocate(Flag.Session);
    expect(slots.flags(COUNT - 1)).toBe(Flag.Session);
    // The version shows that this is not the session that the slot had before.
    expect(slots.version(COUNT - 1)).not.toBe(version);
  });

  it('frees the timers after the last one scheduled', () => {
    const fired: number[] = [];
    const wheel = new TimingWheel((timer) => fired.push(timer));
    for (let timer = 0; timer < COUNT; timer++) wheel.schedule(timer, 1000);
    for (let timer = 100; timer < COUNT; timer++) wheel.cancel(timer);
    expect(all(() => wheel.trim(100))).toBeGreaterThan(3);
    expect(wheel.capacity).toBeLessThan(10_000);
    expect(wheel.deadline(COUNT - 1)).toBe(Infinity);
    wheel.schedule(COUNT - 1, 500);
    expect(wheel.deadline(COUNT - 2)).toBe(Infinity);
    wheel.advance(1000);
    expect(fired.sort((a, b) => a - b)).toEqual([...Array.from({ length: 100 }, (_, timer) => timer), COUNT - 1]);
  });

  it('frees the addresses of slots after the last one with a record', () => {
    const store = new PackedFieldStore();
    for (let slot = 0; slot < COUNT; slot++) store.set(slot, every(slot), every(1));
    for (let slot = 1; slot < COUNT; slot++) store.clear(slot);
    expect(all(() => store.trim(1))).toBeGreaterThan(3);
    expect(store.get(0, every(0))?.toString()).toBe('user:1');
    expect([store.count(COUNT - 1), store.memoryOf(COUNT - 1)]).toEqual([0, 0]);
    store.set(COUNT - 1, every(2), every(3));
    expect(store.get(COUNT - 1, every(2))?.toString()).toBe('user:3');
    expect(store.count(COUNT - 2)).toBe(0);
  });

  it('frees names that are not in use', () => {
    const slots = new SlotTable();
    const names = new NameIndex(slots, new KeyedHash());
    for (let slot = 0; slot < COUNT; slot++) names.add(every(slot), slots.allocate(Flag.Session), false);
    for (let slot = 1; slot < COUNT; slot++) names.remove(slot);
    expect(all(() => names.trim())).toBeGreaterThan(3);
    expect([names.size, names.oldest(every(0)), names.oldest(every(1))]).toEqual([1, 0, NONE]);
    names.add(every(1), 1, true);
    expect([names.sliceOf(1).latin1(), names.shared(every(1)), names.sliceOf(0).latin1()]).toEqual([
      'user:1',
      1,
      'user:0',
    ]);
  });
});
