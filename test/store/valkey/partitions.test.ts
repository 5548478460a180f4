import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isToken } from '../../../src/engine/index.js';
import { Slice } from '../../../src/slice.js';
import { MAX_PARTITIONS, Partitions } from '../../../src/store/valkey/addressing/partitions.js';

const counts = fc.oneof(fc.integer({ min: 1, max: MAX_PARTITIONS }), fc.constantFrom(1, 2, 256, 4095, MAX_PARTITIONS));

describe('partitions', () => {
  it('a new token of a partition belongs to it', () => {
    fc.assert(
      fc.property(counts, fc.nat(), (count, some) => {
        const partitions = new Partitions(count);
        const [inside, outside] = partitions.newTokens(some % count);
        for (const token of [inside, partitions.newTokenIn(some % count)].map(Slice.of)) {
          expect(isToken(token)).toBe(true);
          expect(partitions.ofToken(token)).toBe(some % count);
        }
        if (outside === '') return;
        expect(isToken(Slice.of(outside))).toBe(true);
        expect(partitions.ofToken(Slice.of(outside))).not.toBe(some % count);
      }),
    );
  });

  it('of tokens and names are below their number, and each gets its share', () => {
    const partitions = new Partitions(16);
    const [tokens, names] = [new Array<number>(16).fill(0), new Array<number>(16).fill(0)];
    for (let i = 0; i < 4800; i++) {
      const [inside, outside] = partitions.newTokens(i % 16);
      tokens[partitions.ofToken(Slice.of(outside || inside))]++;
      names[partitions.ofName(Buffer.from(`user:${i}`))]++;
    }
    // 300 each, with a standard deviation of 17.
    for (const share of [...tokens, ...names]) expect(Math.abs(share - 300)).toBeLessThan(150);
  });

  // What a store has written must be found by every later version.
  it('stay the same', () => {
    const partitions = new Partitions(256);
    expect(partitions.ofName(Buffer.from('user:1'))).toBe(66);
    expect(partitions.ofToken(Slice.of(`-_${'A'.repeat(20)}`))).toBe(191);
    expect(partitions.ofToken(Slice.of('no token'))).toBe(-1);
  });
});
