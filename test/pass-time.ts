import type { FakeClock } from './fake-clock.js';

/** Two ways to let time pass: the wheel expires what is due, or the wheel is late and a command reaches it first. */
export const passTime = [
  ['the wheel in time', (clock: FakeClock, ms: number) => clock.advance(ms)],
  ['the wheel behind', (clock: FakeClock, ms: number) => clock.freeze(ms)],
] as const;
