import { describe, expect, it } from 'vitest';
import { column, longer, resized, shorter } from '../../../src/engine/memory/column.js';

describe('a column', () => {
  it('grows and shrinks in place, up to its reservation', () => {
    const numbers = column(Float64Array, 2, 1000);
    numbers.set([1.5, Infinity]);
    expect(resized(numbers, 1000)).toBe(numbers);
    expect([numbers.length, numbers[0], numbers[1], numbers[999]]).toEqual([1000, 1.5, Infinity, 0]);
    numbers[500] = 7;
    expect(resized(numbers, 400)).toBe(numbers);
    expect(resized(numbers, 1000)).toBe(numbers);
    // Elements that are added again are zeros.
    expect([numbers[1], numbers[500]]).toEqual([Infinity, 0]);
  });

  it('is replaced by a column with the same content when it outgrows its reservation', () => {
    let numbers = column(Uint32Array, 3);
    numbers.set([1, 2, 2 ** 32 - 1]);
    for (let length = 4; length < 100; length++) {
      numbers = resized(numbers, length);
      numbers[length - 1] = length;
    }
    expect([...numbers]).toEqual([1, 2, 2 ** 32 - 1, ...Array.from({ length: 96 }, (_, i) => i + 4)]);
  });

  it('works without a reservation if the system does not grant it', () => {
    // Longer than any buffer can be.
    const numbers = resized(column(Int32Array, 5, 2 ** 60).fill(-1), 9);
    expect([...numbers]).toEqual([-1, -1, -1, -1, -1, 0, 0, 0, 0]);
  });
});

it('lengths follow the need in steps, and do not follow small swings', () => {
  let length = 1024;
  for (let needed = 0; needed <= 1_000_000; needed += 100) {
    if (needed > length) length = longer(length, needed);
    expect(length).toBeGreaterThanOrEqual(needed);
  }
  expect(length).toBeLessThan(1_000_000 + 2 ** 16);
  expect(shorter(length, 600_000)).toBe(length);
  expect(longer(1024, 70_000)).toBe(70_000);
  let steps = 0;
  for (let next = shorter(length, 1000); next !== length; next = shorter(length, 1000)) {
    expect(length - next).toBeLessThanOrEqual(2 ** 16);
    length = next;
    steps++;
  }
  expect(length).toBeLessThan(20_000);
  expect(steps).toBeLessThan(20);
});
