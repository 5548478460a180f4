import { expect, it } from 'vitest';
import { EventLoop, LOOK_EVERY_MS } from '../../src/server/event-loop.js';
import { FakeClock } from '../fake-clock.js';

it('a stall is recorded as at most the time between two looks too short, whenever it begins', () => {
  const clock = new FakeClock();
  const { delay } = new EventLoop(clock);
  clock.advance(2000);
  for (let phase = 0; phase <= LOOK_EVERY_MS; phase++) {
    // The calls of the last ms are made before the stall begins.
    clock.advance(1000 + phase);
    clock.freeze(150);
    clock.advance(LOOK_EVERY_MS);
    const worst = delay.takeWorst();
    expect(worst).toBeGreaterThanOrEqual(150 - LOOK_EVERY_MS);
    expect(worst).toBeLessThanOrEqual(150);
  }
  const [short, all] = delay.counts([100]);
  expect(all - short).toBe(LOOK_EVERY_MS + 1);
});

it('each reader sees a stall, whoever else has read it', () => {
  const clock = new FakeClock();
  const { delay } = new EventLoop(clock);
  clock.advance(2000);
  clock.freeze(400);
  clock.advance(0);
  for (let reader = 0; reader < 2; reader++) {
    expect(delay.recent(clock.now()).max).toBe(360);
    expect(delay.counts([100])).toEqual([25, 26]);
  }
  expect(delay.takeWorst()).toBe(360);
  expect(delay.recent(clock.now()).max).toBe(360);
});

it('how long a start takes is no stall, and nothing is recorded after the stop', () => {
  const clock = new FakeClock();
  const eventLoop = new EventLoop(clock);
  clock.freeze(5000);
  clock.advance(LOOK_EVERY_MS);
  expect(eventLoop.delay.total()).toMatchObject({ count: 1, max: 0 });
  eventLoop.stop();
  expect(clock.waiting).toBe(0);
});
