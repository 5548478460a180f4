import { describe, expect, it } from 'vitest';
import { Figures, type Place } from '../../bench/figures.js';
import { judge } from '../../bench/goals.js';

const READ: Place = { part: 'operations', what: 'read, sliding', at: 'depth 16' };

/** One round in which two peers were measured beside respite. */
function round(place: Place, [respite, redis, valkey]: readonly number[], figures = new Figures()): Figures {
  const both = (figure: number) => ({ cpu: figure, perSecond: 1000 / figure });
  for (const [name, figure] of Object.entries({ respite, redis, valkey })) figures.add(place, name, both(figure), 0);
  return figures;
}

function verdicts(figures: Figures, { part, what, at }: Place) {
  return judge(figures.summarize(['redis', 'valkey']), 'respite').filter(
    (verdict) => verdict.part === part && verdict.what === what && verdict.at === at,
  );
}

describe('the goals', () => {
  it('are met at the limit, from below for CPU and from above for operations per second', () => {
    // 0.75 × is the most CPU, and 1.2 × the least throughput.
    expect(verdicts(round(READ, [7.5, 20, 10]), READ)).toMatchObject([
      { measure: 'cpu', reached: [0.75, 0.75, 0.75], met: true },
      { measure: 'perSecond', met: true },
    ]);
    expect(verdicts(round(READ, [8.4, 20, 10]), READ)).toMatchObject([{ met: false }, { met: false }]);
  });

  it('compare with the best peer of each figure, by its median', () => {
    const figures = round(READ, [9, 10, 20]);
    round(READ, [9, 12, 20], figures);
    round(READ, [9, 30, 20], figures);
    expect(verdicts(figures, READ)[0]).toMatchObject({ best: 'redis', reached: [0.75, 0.3, 0.9] });
  });

  it('are not met and have no figure if nothing was measured', () => {
    for (const { reached, met } of judge([], 'respite'))
      expect({ reached, met }).toEqual({ reached: null, met: false });
  });

  it('can be absolute', () => {
    const place = { part: 'lateness', what: 'expired event', at: 'alone' };
    const figures = new Figures();
    figures.add(place, 'respite', { p99: 15 }, 0);
    figures.add(place, 'redis', { p99: 1 }, 0);
    expect(verdicts(figures, place)).toMatchObject([{ reached: [15, 15, 15], best: null, met: true }]);
  });
});

describe('a figure', () => {
  it('says how many of its measurements were disturbed', () => {
    const figures = new Figures();
    figures.add(READ, 'respite', { cpu: 1 }, 0.02);
    figures.add(READ, 'respite', { cpu: 1 }, 0.5);
    expect(figures.summarize([])).toMatchObject([{ disturbed: 1 }]);
  });

  it('of one build is compared with that of another, within rounds and in the direction of the measure', () => {
    const figures = new Figures();
    for (const speed of [1, 10, 2]) {
      figures.add(READ, 'new', { cpu: 1.04 / speed, perSecond: 96 * speed, generator: 50 }, 0);
      figures.add(READ, 'old', { cpu: 1 / speed, perSecond: 100 * speed, generator: 50 }, 0);
    }
    expect(figures.relate('new', 'old')).toMatchObject([
      { ...READ, measure: 'cpu', medians: [0.52, 0.5], ratio: [expect.closeTo(1.04), expect.closeTo(1.04), 1.04] },
      { ...READ, measure: 'perSecond', medians: [192, 200], ratio: [0.96, 0.96, 0.96] },
    ]);
    expect(figures.relate('new', 'old').map(({ worse }) => Math.round(worse))).toEqual([4, 4]);
    expect(figures.relate('old', 'new').map(({ worse }) => Math.round(worse))).toEqual([-4, -4]);
  });
});
