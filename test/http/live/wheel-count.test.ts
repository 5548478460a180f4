import { expect, it } from 'vitest';
import type { LiveWheel } from '../../../src/http/live/live-data.js';
import { WheelCount } from '../../../src/http/live/wheel-count.js';
import { SessionEngine, Slice } from '../../../src/index.js';
import { FakeClock } from '../../fake-clock.js';

/** An engine with so many timers that they are counted in several steps. */
function setUp() {
  const clock = new FakeClock();
  const engine = new SessionEngine({ clock });
  for (let i = 0; i < 40_000; i++) engine.create(Slice.of('x'), { duration: 1000 + i });
  return { clock, count: new WheelCount({ engine, clock }) };
}

it('counts in steps, and is not disturbed by being asked again meanwhile', () => {
  const { clock, count } = setUp();
  const counts: LiveWheel[] = [];
  let steps = 0;
  for (; counts.length === 0; steps++) {
    count.refresh((wheel) => counts.push(wheel));
    // One step at a time, or none if the count is complete.
    clock.step();
    expect(steps).toBeLessThan(10);
  }
  expect(steps).toBeGreaterThan(1);
  expect(counts).toMatchObject([{ timers: 40_000, dueIn1s: 0, dueIn10s: 9000, dueIn60s: 40_000 }]);
});

it('rests a hundred times as long as it has counted', () => {
  const { clock, count } = setUp();
  const counts: LiveWheel[] = [];
  // Counting takes 1 ms a step.
  clock.msPerLook = 0.5;
  count.refresh((wheel) => counts.push(wheel));
  for (let i = 0; i < 5; i++) clock.step();
  clock.msPerLook = 0;
  expect(counts).toHaveLength(1);
  const [first] = counts;
  const began = clock.now();
  while (counts.at(-1) === first) {
    clock.freeze(10);
    count.refresh((wheel) => counts.push(wheel));
    while (clock.step());
  }
  expect(clock.now() - began).toBeGreaterThan(100);
  expect(counts.at(-1)?.at).toBeGreaterThan(first.at);
});
