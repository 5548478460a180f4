import { describe, expect, it } from 'vitest';
import { YoungSessions } from '../../src/better-auth/young-sessions.js';

describe('young sessions', () => {
  it('are new within a minute, unless this process knows them', () => {
    let now = 1_000_000;
    const young = new YoungSessions(() => now);
    const created = now;
    expect(young.isNew('a', created)).toBe(true);
    young.note('b', created);
    expect(young.isNew('b', created)).toBe(false);
    now += 59_999;
    expect(young.isNew('a', created)).toBe(true);
    expect(young.isNew('b', created)).toBe(false);
    now += 1;
    expect(young.isNew('a', created)).toBe(false);
    expect(young.isNew('b', created)).toBe(false);
  });

  it('are remembered until they are a minute old by the clock of the process that created them', () => {
    let now = 1_000_000;
    const young = new YoungSessions(() => now);
    const ahead = now + 300_000;
    young.note('a', ahead);
    now += 100_000;
    young.note('b', now);
    expect(young.isNew('a', ahead)).toBe(false);
    now = ahead + 59_999;
    young.note('c', now);
    expect(young.isNew('a', ahead)).toBe(false);
  });

  it('has no session without a valid time of creation', () => {
    expect(new YoungSessions(Date.now).isNew('a', Number.NaN)).toBe(false);
  });
});
