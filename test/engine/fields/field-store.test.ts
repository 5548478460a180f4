import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PackedFieldStore } from '../../../src/engine/fields/packed-field-store.js';
import { SessionError } from '../../../src/engine/session-error.js';
import { Slice } from '../../../src/slice.js';

const slot = fc.oneof({ weight: 3, arbitrary: fc.nat({ max: 3 }) }, fc.nat({ max: 3000 }));
/**
 * Mostly short. Some are near where a length takes another byte, where a record gets too large to be packed, or where a
 * value gets another piece.
 */
const length = fc.oneof(
  { weight: 30, arbitrary: fc.nat({ max: 6 }) },
  { weight: 5, arbitrary: fc.integer({ min: 120, max: 135 }) },
  { weight: 5, arbitrary: fc.integer({ min: 2030, max: 2060 }) },
  { weight: 2, arbitrary: fc.integer({ min: 32_505, max: 32_520 }) },
  { weight: 5, arbitrary: fc.integer({ min: 65_500, max: 65_550 }) },
  { weight: 2, arbitrary: fc.integer({ min: 131_050, max: 131_080 }) },
  fc.nat({ max: 2_000_000 }),
);
/** Bytes that differ from those at most other offsets. */
const patterned = (size: number, seed: number) => {
  const period = Buffer.from(Array.from({ length: 251 }, (_, i) => (seed + i) & 255));
  return Buffer.alloc(size, period);
};
const bytes = fc.tuple(length, fc.nat({ max: 255 })).map(([size, seed]) => patterned(size, seed));
const few = fc.nat({ max: 99 }).map((number) => Buffer.from(String(number)));
/** What sessions of a kind have in common. Adding a key to one list, or deleting one, often gives another list. */
const KINDS = [
  ['user', 'language', 'basket'],
  ['user', 'language'],
  ['user', 'basket'],
  ['language', 'user'],
  ['user', 'language', 'basket', ''],
  ['user', 'language', 'basket', '', 'k'.repeat(200)],
  ['a session with a single key'],
  Array.from({ length: 64 }, (_, i) => `key${i}`),
];
const kind = fc.constantFrom(...KINDS);
const key = fc.oneof(
  { weight: 20, arbitrary: few },
  {
    weight: 20,
    arbitrary: fc.constantFrom('user', 'language', 'basket', 'key63', 'k'.repeat(200)).map((k) => Buffer.from(k)),
  },
  { weight: 10, arbitrary: fc.constantFrom(Buffer.from('a'), Buffer.from('b'), Buffer.alloc(0)) },
  bytes,
);
const acts = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ act: fc.constant('set' as const), slot, key, value: bytes }) },
    fc.record({
      act: fc.constant('write' as const),
      slot,
      key,
      value: bytes,
      /** Where to write: at the end, or at an offset. */
      offset: fc.oneof(fc.constant(undefined), length),
    }),
    fc.record({ act: fc.constant('delete' as const), slot, key }),
    fc.record({ act: fc.constant('clear' as const), slot }),
    fc.record({ act: fc.constant('copy' as const), slot, from: slot }),
    fc.record({ act: fc.constant('fill' as const), slot, pairs: fc.array(fc.tuple(key, bytes), { maxLength: 70 }) }),
    fc.record({
      act: fc.constant('fill' as const),
      slot,
      pairs: fc
        .tuple(kind, fc.array(bytes, { minLength: 64, maxLength: 64 }))
        .map(([keys, values]) => keys.map((name, i): [Buffer, Buffer] => [Buffer.from(name), values[i]])),
    }),
  ),
  // Long enough that sessions with many keys occur.
  { maxLength: 400, size: 'max' },
);

/** Returns a value with `part` written at `offset`, or at its end. */
function overwritten(old: Buffer, offset = old.length, part: Buffer): Buffer {
  const whole = Buffer.alloc(Math.max(old.length, offset + part.length));
  old.copy(whole);
  part.copy(whole, offset);
  return whole;
}

const NOTHING = Buffer.alloc(0);
/** Returns a copy of what a store returned. */
const copyOf = (slice: Slice | undefined) => slice?.copy();
/** Fails without printing megabytes. */
function expectSame(actual: Buffer | undefined, expected: Buffer | undefined): void {
  if (actual === undefined || expected === undefined) expect(actual).toBe(expected);
  else if (!actual.equals(expected)) expect.fail(`${actual.length} bytes that differ from ${expected.length} expected`);
}

/** A store with a fixed seed: with others, a list of keys may collide with another one of the test, and get no shape. */
function newStore(onRemoved?: () => void, maxSlabs?: number): PackedFieldStore {
  return new PackedFieldStore(onRemoved, maxSlabs, 1);
}

/** Sets these keys in as many slots as it takes for their list to become a shape. */
function makeShape(store: PackedFieldStore, keys: readonly string[], firstSlot = 10_000): void {
  const before = store.shapes().shapes;
  for (let i = 0; i < 16; i++) fill(store, firstSlot + i, keys);
  if (store.shapes().shapes !== before + 1) expect.fail(`${keys} got no shape`);
}

function fill(store: PackedFieldStore, slot: number, keys: readonly string[], value = 'value'): void {
  store.clear(slot);
  store.fill(
    slot,
    keys.flatMap((key) => [Slice.of(key), Slice.of(value)]),
  );
}

function keysOf(store: PackedFieldStore, slot: number): string[] {
  const keys: string[] = [];
  store.forEachKey(slot, (key) => keys.push(key.latin1()));
  return keys;
}

describe('PackedFieldStore', () => {
  it('holds what a Map of Maps holds, counts it, and keeps no buffer of the caller', () => {
    fc.assert(
      fc.property(acts, fc.subarray(KINDS), (sequence, shapes) => {
        const store = newStore();
        for (const keys of shapes) makeShape(store, keys);
        for (let i = 0; i < 16; i++) store.clear(10_000 + i);
        const model = new Map<number, Map<string, Buffer>>();
        for (const step of sequence) {
          const fields = model.get(step.slot) ?? new Map<string, Buffer>();
          model.set(step.slot, fields);
          if (step.act === 'clear') {
            expect(store.clear(step.slot)).toBe(fields.size);
            fields.clear();
            continue;
          }
          if (step.act === 'copy') {
            if (step.from === step.slot) continue;
            store.clear(step.slot);
            store.copy(step.from, step.slot);
            const source = model.get(step.from) ?? new Map<string, Buffer>();
            // The order is that of the source, which differs from the model's if the source is hashed.
            const order: string[] = [];
            store.forEachKey(step.slot, (name) => order.push(name.latin1()));
            expect([...order].sort()).toEqual([...source.keys()].sort());
            model.set(step.slot, new Map(order.map((name) => [name, source.get(name) ?? NOTHING])));
            continue;
          }
          if (step.act === 'fill') {
            // Only a slot without keys may be filled.
            store.clear(step.slot);
            fields.clear();
            const given = step.pairs.flat().map((part) => Buffer.from(part));
            store.fill(step.slot, given.map(Slice.of));
            for (const part of given) part.fill(0x55);
            for (const [name, value] of step.pairs) fields.set(name.toString('latin1'), value);
            continue;
          }
          const name = step.key.toString('latin1');
          const old = fields.get(name);
          expect(store.has(step.slot, Slice.of(step.key))).toBe(old !== undefined);
          expect(store.valueLength(step.slot, Slice.of(step.key))).toBe(old?.length ?? 0);
          // The store gets copies that are overwritten afterwards.
          const given = Buffer.from(step.key);
          if (step.act === 'delete') {
            expect(store.delete(step.slot, Slice.of(given))).toBe(fields.delete(name));
          } else {
            const value = Buffer.from(step.value);
            if (step.act === 'set') {
              store.set(step.slot, Slice.of(given), Slice.of(value));
              fields.set(name, step.value);
            } else {
              store.write(step.slot, Slice.of(given), step.offset ?? old?.length ?? 0, Slice.of(value));
              fields.set(name, overwritten(old ?? NOTHING, step.offset, step.value));
            }
            value.fill(0x55);
          }
          given.fill(0x55);
          const whole = fields.get(name);
          for (const [offset, length] of [
            [0, 3],
            [2, 130],
            [1000, 5000],
            [65_000, 70_000],
          ]) {
            const part = copyOf(store.read(step.slot, Slice.of(step.key), offset, length));
            expectSame(part, whole?.subarray(offset, offset + length));
          }
          expectSame(copyOf(store.get(step.slot, Slice.of(step.key))), whole);
        }
        let keys = 0;
        let size = 0;
        for (const [number, fields] of model) {
          const seen: string[] = [];
          const check = (name: Slice, value: Slice | undefined) => {
            // Looking up other keys meanwhile changes nothing.
            expect(store.has(number, name)).toBe(true);
            store.get(number, Slice.of('nobody'));
            store.get(number, name);
            seen.push(name.latin1());
            if (value !== undefined) expectSame(value.toBuffer(), fields.get(name.latin1()));
          };
          const expectAll = () => {
            if (store.encoding(number) === 'hashed') seen.sort();
            const expected = [...fields.keys()];
            if (store.encoding(number) === 'hashed') expected.sort();
            expect(seen).toEqual(expected);
            seen.length = 0;
          };
          store.forEach(number, check);
          expectAll();
          store.forEachKey(number, (name) => check(name, undefined));
          expectAll();
          for (let place = 0; place < fields.size; place++) check(store.keyAt(number, place), undefined);
          expectAll();
          for (let cursor = 0, begun = false; cursor !== 0 || !begun; begun = true) {
            cursor = store.scanFields(number, cursor, 7, (name, length) => {
              expect(length).toBe(fields.get(name.latin1())?.length);
              check(name, store.read(number, name, 0, length));
            });
          }
          if (store.encoding(number) === 'hashed') expectAll();
          const bytesIn = [...fields].reduce((sum, [name, value]) => sum + name.length + value.length, 0);
          expect(store.count(number)).toBe(fields.size);
          expect(store.size(number)).toBe(bytesIn);
          keys += fields.size;
          size += bytesIn;
        }
        expect([store.keys, store.bytes]).toEqual([keys, size]);
        while (store.reclaim());
        const ofSlots = [...model.keys()].reduce((sum, number) => sum + store.memoryOf(number), 0);
        expect(ofSlots + store.shapes().memory).toBe(store.memory);
        expect(store.memory).toBeGreaterThanOrEqual(size);
        for (const number of model.keys()) store.clear(number);
        while (store.trim(0));
        expect([store.keys, store.bytes, store.memory]).toEqual([0, 0, 0]);
        expect(store.shapes()).toEqual({ shapes: 0, sessions: 0, memory: 0, savedBytes: 0 });
      }),
      { numRuns: 25 },
    );
  });

  const one = Slice.of('1');
  const zeros = (size: number) => Slice.of(Buffer.alloc(size));

  it('packs a session until it has too many keys or bytes, and again after it was cleared', () => {
    const store = newStore();
    for (let i = 0; i < 64; i++) store.set(1, Slice.of(`key${i}`), one);
    store.set(2, one, zeros(65_000));
    expect([store.encoding(1), store.encoding(2), store.encoding(3)]).toEqual(['packed', 'packed', 'packed']);
    store.set(1, Slice.of('one more'), one);
    store.write(2, one, 65_000, zeros(1000));
    store.set(3, one, zeros(70_000));
    expect([store.encoding(1), store.encoding(2), store.encoding(3)]).toEqual(['hashed', 'hashed', 'hashed']);
    expect([store.count(1), store.get(2, one)?.length]).toEqual([65, 66_000]);
    store.clear(1);
    store.delete(2, one);
    // Its only value becomes a short one.
    store.set(3, one, one);
    store.set(1, one, one);
    expect([store.encoding(1), store.encoding(2), store.encoding(3)]).toEqual(['packed', 'packed', 'packed']);
    expect([store.keys, store.get(3, one)?.latin1()]).toEqual([2, '1']);
  });

  it('keeps the keys of many like sessions once, and gives each session its shape as keys are added and deleted', () => {
    const store = newStore();
    const [all, two] = KINDS;
    makeShape(store, two, 100);
    makeShape(store, all, 200);
    const shaped = () => store.shapes().sessions;
    // The sixteenth of each kind is the first with a shape.
    expect(shaped()).toBe(2);
    const packed = store.memoryOf(200);
    expect(store.memoryOf(215)).toBeLessThanOrEqual(packed - 16);
    fill(store, 1, two);
    expect(shaped()).toBe(3);
    // Another key leads to another shape, one by one too, and deleting it back.
    store.set(1, Slice.of('basket'), Slice.of('value'));
    expect([shaped(), keysOf(store, 1), store.memoryOf(1)]).toEqual([3, all, store.memoryOf(215)]);
    store.delete(1, Slice.of('basket'));
    for (const key of all) store.set(2, Slice.of(key), one);
    expect([shaped(), keysOf(store, 1), keysOf(store, 2)]).toEqual([4, two, all]);
    // The same keys in another order, or keys that nobody else has, are packed.
    for (const key of [...all].reverse()) store.set(3, Slice.of(key), one);
    store.set(1, Slice.of('another'), one);
    store.delete(2, Slice.of('user'));
    expect([shaped(), keysOf(store, 1), keysOf(store, 2)]).toEqual([2, [...two, 'another'], ['language', 'basket']]);
    // A copy has the same shape. A session of too many keys has none.
    store.copy(215, 4);
    expect([shaped(), keysOf(store, 4), store.get(4, Slice.of('basket'))?.latin1()]).toEqual([3, all, 'value']);
    for (let i = 0; i < 70; i++) store.set(215, Slice.of(`key${i}`), one);
    store.set(4, Slice.of('language'), zeros(100_000));
    expect([shaped(), store.encoding(215), store.encoding(4), store.count(4)]).toEqual([1, 'hashed', 'hashed', 3]);
    store.clear(115);
    expect(store.shapes()).toMatchObject({ shapes: 2, sessions: 0 });
    while (store.trim(1000));
    expect(store.shapes()).toEqual({ shapes: 0, sessions: 0, memory: 0, savedBytes: 0 });
    makeShape(store, two, 100);
  });

  it('takes no more memory than without shapes, whoever makes a million lists of keys', () => {
    const store = newStore();
    const list = (i: number) => [`${i} is a key of nobody else`, 'user', 'k'.repeat(100)];
    for (let i = 0; i < 20_000; i++) fill(store, i % 100, list(i));
    expect(store.shapes().shapes).toBe(0);
    // A list that is seen now and then gets a shape among them.
    for (let i = 0; i < 40_000; i++) fill(store, i % 100, i % 400 === 0 ? KINDS[0] : list(i + 50_000));
    expect(store.shapes().shapes).toBe(1);
    // Seen often enough, lists get shapes until there are a thousand.
    for (let i = 0; i < 3000; i++) for (let seen = 0; seen < 17; seen++) fill(store, i, list(i));
    const { shapes, memory } = store.shapes();
    expect(shapes).toBe(1024);
    expect(memory).toBeLessThan(2 ** 21);
    fill(store, 5000, list(5000));
    fill(store, 5001, KINDS[0]);
    expect([keysOf(store, 5000), keysOf(store, 5001)]).toEqual([list(5000), KINDS[0]]);
    // Once sessions have ended, their shapes make room for others.
    for (let i = 0; i < 100; i++) store.clear(i);
    const { sessions } = store.shapes();
    for (let i = 0; i < 50; i++) fill(store, 6000 + i, ['a new kind', 'of session']);
    expect(store.shapes().sessions).toBeGreaterThan(sessions + 10);
  });

  it('changes nothing if there is no memory for a session that loses its shape', () => {
    const store = newStore(() => {}, 3);
    const keys = ['k'.repeat(1000), 'user'];
    makeShape(store, keys, 0);
    let slot = 16;
    const value = 'v'.repeat(100);
    expect(() => {
      for (; ; slot++) fill(store, slot, keys, value);
    }).toThrow(SessionError);
    expect(store.shapes().sessions).toBeGreaterThan(500);
    for (let full = 100; full < slot; full++) {
      try {
        store.set(full, Slice.of('another'), one);
      } catch (error) {
        expect((error as SessionError).code).toBe('OOM');
        expect(keysOf(store, full)).toEqual(keys);
        expect(store.get(full, Slice.of('user'))?.latin1()).toBe(value);
        expect(full).toBeLessThan(slot - 1);
        return;
      }
    }
    expect.fail('there was memory for all');
  });

  it('takes as much memory for a value that grew byte by byte as for one set at once', () => {
    const store = newStore();
    for (let at = 0; at < 300_000; at++) store.write(1, one, at, one);
    store.set(2, one, Slice.of('1'.repeat(300_000)));
    expectSame(copyOf(store.get(1, one)), copyOf(store.get(2, one)));
    expect(store.memoryOf(1)).toBeLessThan(store.memoryOf(2) * 1.02);
    expect(store.memoryOf(1)).toBeLessThan(300_000 * 1.1);
  });

  it('visits every key that exists throughout a scan, whatever is set and deleted meanwhile', () => {
    const act = fc.record({ set: fc.boolean(), key: fc.integer({ min: 500, max: 1500 }) });
    fc.assert(
      fc.property(
        fc.array(fc.array(act, { maxLength: 30 }), { maxLength: 100 }),
        fc.integer({ min: 1, max: 40 }),
        (turns, count) => {
          const store = newStore();
          for (let i = 0; i < 1000; i++) store.set(1, Slice.of(String(i)), one);
          const seen = new Set<number>();
          let cursor = 0;
          let turn = 0;
          do {
            cursor = store.scanFields(1, cursor, count, (name) => seen.add(Number(name.latin1())));
            for (const { set, key: number } of turns[turn++] ?? []) {
              if (set) store.set(1, Slice.of(String(number)), one);
              else store.delete(1, Slice.of(String(number)));
            }
          } while (cursor !== 0);
          for (let i = 0; i < 500; i++) if (!seen.has(i)) expect.fail(`${i} was not visited`);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('frees a large value, and a session of many keys, a little at a time, and counts their memory until then', () => {
    let told = 0;
    const store = newStore(() => told++);
    store.set(1, one, zeros(10_000_000));
    for (let i = 0; i < 10_000; i++) store.set(2, Slice.of(String(i)), one);
    const { memory } = store;
    expect([store.clear(1), store.clear(2), told]).toEqual([1, 10_000, 2]);
    expect([store.keys, store.bytes, store.count(1), store.count(2)]).toEqual([0, 0, 0, 0]);
    expect(store.memory).toBeGreaterThan(memory * 0.8);
    // The slots can be used meanwhile.
    store.set(2, Slice.of('5'), Slice.of('new'));
    expect([store.get(2, Slice.of('5'))?.latin1(), store.has(2, Slice.of('6'))]).toEqual(['new', false]);
    let steps = 0;
    while (store.reclaim()) steps++;
    expect(steps).toBeGreaterThan(100);
    expect(store.memory).toBe(store.memoryOf(2));
  });

  it('packs the copy of a session that has few fields left', () => {
    const store = newStore();
    for (let i = 0; i < 100; i++) store.set(1, Slice.of(String(i)), one);
    for (let i = 3; i < 100; i++) store.delete(1, Slice.of(String(i)));
    store.copy(1, 2);
    expect([store.encoding(1), store.encoding(2), store.count(2)]).toEqual(['hashed', 'packed', 3]);
    // The two share no memory.
    store.set(1, Slice.of('0'), Slice.of('other'));
    store.clear(1);
    expect(store.get(2, Slice.of('0'))?.equals(one)).toBe(true);
  });

  it('refuses data when its slabs have run out, reports that before, and does not change', () => {
    const store = newStore(() => {}, 130);
    const model = new Map<number, number>();
    const sizes = [100, 5000, 60_000, 70_000, 300_000];
    let wasFull = false;
    let refused = 0;
    for (let number = 0; refused < 20; number++) {
      const size = sizes[number % sizes.length];
      wasFull = store.isFull;
      try {
        store.set(number, one, zeros(size));
        model.set(number, size);
      } catch (error) {
        expect(error).toBeInstanceOf(SessionError);
        expect((error as SessionError).code).toBe('OOM');
        expect(wasFull).toBe(true);
        refused++;
        expect(store.count(number)).toBe(0);
      }
      // Existing values cannot grow beyond the limit either.
      if (refused > 0) {
        const there = [...model.keys()][number % model.size];
        try {
          store.write(there, one, model.get(there) ?? 0, zeros(100_000));
          model.set(there, (model.get(there) ?? 0) + 100_000);
        } catch (error) {
          expect((error as SessionError).code).toBe('OOM');
        }
      }
    }
    for (const [number, size] of model) expect(store.get(number, one)?.length).toBe(size);
    for (const number of model.keys()) store.clear(number);
    while (store.trim(0));
    store.set(1, one, zeros(1_000_000));
    expect(store.get(1, one)?.length).toBe(1_000_000);
  });
});
