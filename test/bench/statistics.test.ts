import { describe, expect, it } from 'vitest';
import { median, ratio } from '../../bench/statistics.js';

describe('median', () => {
  it.each([
    { numbers: [10, 9, 100], middle: 10 },
    { numbers: [4, 1, 3, 2], middle: 2.5 },
    { numbers: [7], middle: 7 },
    { numbers: [], middle: NaN },
  ])('of $numbers is $middle', ({ numbers, middle }) => {
    expect(median(numbers)).toBe(middle);
  });
});

describe('ratio', () => {
  it('compares within rounds, so a slowdown that affects both servers changes nothing', () => {
    expect(ratio([2, 20, 200], [1, 10, 100])).toEqual([2, 2, 2]);
  });

  it('has the lowest and the highest of the rounds as its spread', () => {
    expect(ratio([2, 20, 20], [1, 10, 20])).toEqual([2, 1, 2]);
  });

  it('ignores a round that only one server has', () => {
    expect(ratio([2, 4, 99], [1, 2])[0]).toBe(2);
    expect(ratio([], [1])[0]).toBeNaN();
  });
});
