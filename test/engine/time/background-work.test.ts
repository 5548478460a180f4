import { describe, expect, it } from 'vitest';
import { BackgroundWork, DONE } from '../../../src/engine/time/background-work.js';
import { FakeClock } from '../../fake-clock.js';

describe('BackgroundWork', () => {
  it('starts once, after the delay, works in slices, and stops when it is done', () => {
    const clock = new FakeClock();
    let left = 100;
    const work = new BackgroundWork(clock, () => (--left > 0 ? 0 : DONE));
    work.schedule(1000);
    work.schedule(1000);
    expect(clock.waiting).toBe(1);
    clock.advance(999);
    expect(left).toBe(100);
    clock.msPerLook = 0.1;
    clock.advance(1);
    expect(left).toBeGreaterThan(80);
    while (clock.step());
    expect(left).toBe(0);
    expect(clock.called).toBeGreaterThan(5);
    expect(clock.waiting).toBe(0);
  });

  it('stops after a fault until it is scheduled again', () => {
    const clock = new FakeClock();
    let steps = 0;
    const work = new BackgroundWork(clock, () => {
      if (++steps === 1) throw new Error('a fault');
      return DONE;
    });
    work.schedule();
    expect(() => clock.advance(0)).toThrow('a fault');
    expect(clock.waiting).toBe(0);
    work.schedule();
    clock.advance(0);
    expect(steps).toBe(2);
  });

  it('continues after the delay that a step returns, until it is stopped', () => {
    const clock = new FakeClock();
    const times: number[] = [];
    const start = clock.now();
    const work = new BackgroundWork(clock, () => {
      times.push(clock.now() - start);
      return 5;
    });
    work.schedule();
    clock.advance(14);
    expect(times).toEqual([0, 5, 10]);
    work.stop();
    work.schedule();
    clock.advance(100);
    expect(times).toHaveLength(3);
  });

  it('stops in the middle of a slice', () => {
    const clock = new FakeClock();
    let steps = 0;
    const work = new BackgroundWork(clock, () => {
      if (++steps === 3) work.stop();
      return 0;
    });
    work.schedule();
    clock.advance(0);
    expect([steps, clock.waiting]).toEqual([3, 0]);
  });
});
