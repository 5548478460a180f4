import { expect, it } from 'vitest';
import { Lateness } from '../../../src/engine/time/lateness.js';

it('returns the lateness that a share did not exceed, rounded up to whole ms', () => {
  const lateness = new Lateness();
  expect(lateness.quantile(0.99)).toBe(0);
  for (let ms = 0; ms < 100; ms++) lateness.record(ms + 0.5);
  expect(lateness.quantile(0.5)).toBe(50);
  expect(lateness.quantile(0.99)).toBe(99);
  expect(lateness.quantile(1)).toBe(100);
  for (let i = 0; i < 100; i++) lateness.record(1e9);
  expect(lateness.quantile(0.99)).toBe(4096);
});
