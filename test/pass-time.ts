import type { FakeClock } from './fake-clock.js';

/** The wheel gets to its work, or is behind and what is due is met first by somebody who looks. */
export const passTime = [
  ['the wheel in time', (clock: FakeClock, ms: number) => clock.advance(ms)],
  ['the wheel behind', (clock: FakeClock, ms: number) => clock.freeze(ms)],
] as const;
