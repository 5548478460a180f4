import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatToken, parseToken, randomToken, TOKEN_LENGTH } from '../../../src/engine/tokens/token.js';
import { Slice } from '../../../src/slice.js';

const word = fc.integer({ min: 0, max: 0xffff_ffff });
const words = fc.tuple(word, word, word, word).map((values) => Uint32Array.from(values));

describe('tokens', () => {
  it('are parsed as they were formatted, and match the base64url of Node', () => {
    fc.assert(
      fc.property(words, (token) => {
        const text = formatToken(token).latin1();
        expect(text).toHaveLength(TOKEN_LENGTH);
        const read = new Uint32Array(4);
        expect(parseToken(Slice.of(text), read)).toBe(true);
        expect(read).toEqual(token);
        const bytes = Buffer.from(text, 'base64url');
        expect([0, 4, 8, 12].map((at) => bytes.readUInt32BE(at))).toEqual([...token]);
      }),
    );
  });

  it('have one spelling: any other 22 bytes are refused, or are formatted as they were', () => {
    const read = new Uint32Array(4);
    const nearly = fc.string({ unit: fc.constantFrom(...'AQgwxyz019-_+/=. \xff'), minLength: 22, maxLength: 22 });
    fc.assert(
      fc.property(nearly, (text) => {
        const taken = parseToken(Slice.of(Buffer.from(text, 'latin1')), read);
        expect(taken).toBe(/^[\w-]{21}[AQgw]$/.test(text));
        if (taken) expect(formatToken(read)).toBe(text);
      }),
    );
  });

  it('have no other length', () => {
    const read = new Uint32Array(4);
    for (const length of [0, 1, 21, 23, 44]) expect(parseToken(Slice.of('A'.repeat(length)), read)).toBe(false);
  });

  it('are random: all differ, and every bit is set in about half of them', () => {
    const seen = new Set<string>();
    const ones = new Array<number>(128).fill(0);
    const token = new Uint32Array(4);
    for (let i = 0; i < 4000; i++) {
      randomToken(token);
      seen.add(formatToken(token).latin1());
      for (let bit = 0; bit < 128; bit++) ones[bit] += (token[bit >>> 5] >>> (bit & 31)) & 1;
    }
    expect(seen.size).toBe(4000);
    // Half of 4000, plus or minus eight standard deviations.
    for (const count of ones) expect(Math.abs(count - 2000)).toBeLessThan(253);
  });
});
