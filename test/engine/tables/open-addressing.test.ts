import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { home, isFrom, itemOf, OpenAddressing } from '../../../src/engine/tables/open-addressing.js';

/** A table with a given hash function. */
class Table extends OpenAddressing {
  readonly #hash: (item: number) => number;

  constructor(hash: (item: number) => number) {
    super();
    this.#hash = hash;
  }

  /** The lengths of the table, and of the former one while it is being moved. */
  get lengths(): readonly [number, number] {
    return [this.places.length, this.former?.length ?? 0];
  }

  has(item: number): boolean {
    return [this.places, this.former].some((places) => {
      if (places === undefined) return false;
      const start = home(places, this.#hash(item));
      for (let distance = 0; ; distance++) {
        const entry = places[(start + distance) % places.length];
        if (entry === 0) return false;
        if (isFrom(entry, distance) && itemOf(entry) === item) return true;
      }
    });
  }

  override enter(item: number): void {
    super.enter(item);
  }

  override withdraw(item: number): void {
    super.withdraw(item);
  }

  override shrink(): boolean {
    return super.shrink();
  }

  protected override hashOf(item: number): number {
    return this.#hash(item);
  }
}

describe('OpenAddressing', () => {
  it.each([
    ['scattered', (item: number) => Math.imul(item, 0x9e3779b1)],
    // Runs that wrap around the end of the table.
    ['at the end', (item: number) => -1 - (item % 40)],
    ['in runs', (item: number) => item - (item % 64)],
  ])('holds what a Set holds while it grows and shrinks, with hashes %s', (_, hash) => {
    const act = fc.record({
      enter: fc.boolean(),
      times: fc.nat({ max: 1500 }),
      from: fc.nat({ max: 20_000 }),
      shrinks: fc.nat({ max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 12 }), (acts) => {
        const table = new Table(hash);
        const model = new Set<number>();
        for (const { enter, times, from, shrinks } of acts) {
          for (let i = 0; i < shrinks; i++) table.shrink();
          for (let item = from; item < from + times; item++) {
            if (enter === model.has(item)) continue;
            if (enter) {
              table.enter(item);
              model.add(item);
            } else {
              table.withdraw(item);
              model.delete(item);
            }
          }
          expect(table.size).toBe(model.size);
          for (let item = from - 100; item < from + times + 100; item++) {
            if (item >= 0 && table.has(item) !== model.has(item)) expect.fail(`${item} should be ${model.has(item)}`);
          }
        }
        expect([...model].filter((item) => !table.has(item))).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  it('finds the items that share a home, near and far, when others with it were removed', () => {
    const table = new Table(() => -3);
    for (let item = 0; item < 40; item++) table.enter(item);
    for (let removed = 0; removed < 40; removed++) {
      table.withdraw(removed);
      for (let item = 0; item < 40; item++) expect(table.has(item)).toBe(item > removed);
    }
  });

  it('becomes small again when nearly all items were removed, in any order, and there was time', () => {
    const table = new Table((item) => Math.imul(item, 0x9e3779b1));
    const order = Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 100_000);
    for (const item of order) table.enter(item);
    expect(table.lengths).toEqual([262_144, 0]);
    for (const item of order.slice(0, -100)) table.withdraw(item);
    while (table.shrink());
    expect(table.lengths).toEqual([2048, 0]);
    expect(order.slice(-100).every((item) => table.has(item))).toBe(true);
  });

  it('moves no more than a few entries at a time', () => {
    let hashes = 0;
    const table = new Table((item) => {
      hashes++;
      return Math.imul(item, 0x9e3779b1);
    });
    let most = 0;
    const act = (what: () => void) => {
      hashes = 0;
      what();
      most = Math.max(most, hashes);
    };
    for (let item = 0; item < 150_000; item++) act(() => table.enter(item));
    for (let item = 0; item < 150_000; item++) act(() => table.withdraw(item));
    expect(most).toBeLessThan(150);
    // `shrink` may move more.
    for (let more = true; more; ) act(() => (more = table.shrink()));
    expect(most).toBeLessThan(2100);
  });
});
