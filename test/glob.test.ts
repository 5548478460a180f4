import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { globMatcher } from '../src/glob.js';

it.each([
  ['*', '', true],
  ['', '', true],
  ['**', '', false],
  ['', 'a', false],
  ['user:*', 'user:42', true],
  ['user:*', 'basket', false],
  ['*:42', 'user:42', true],
  ['u*r:*2', 'user:42', true],
  ['h?llo', 'hello', true],
  ['h?llo', 'hllo', false],
  ['h[ae]llo', 'hallo', true],
  ['h[ae]llo', 'hillo', false],
  ['h[^e]llo', 'hallo', true],
  ['h[^e]llo', 'hello', false],
  ['h[a-c]llo', 'hbllo', true],
  ['h[c-a]llo', 'hbllo', true],
  ['[\\]]', ']', true],
  ['[a', 'a', true],
  ['\\*', '*', true],
  ['\\*', 'x', false],
  ['\\', '\\', true],
  ['a**b', 'axxb', true],
  ['Hello', 'hello', false],
  ['*\xff', 'a\n\xff', true],
])('%j on %j: %j', (pattern, text, matches) => {
  expect(globMatcher(pattern)(text)).toBe(matches);
});

/** Redis' `stringmatchlen`, line by line, as on x86. It tries every possibility. */
function redisMatches(pattern: number[], text: number[]): boolean {
  let p = 0;
  let t = 0;
  const left = () => pattern.length - p;
  // After its end a pattern has a NUL, which is not a special character.
  const at = (index: number) => pattern[index] ?? NUL;
  while (left() > 0 && t < text.length) {
    if (at(p) === STAR) {
      while (at(p + 1) === STAR) p++;
      if (left() === 1) return true;
      for (; t < text.length; t++) if (redisMatches(pattern.slice(p + 1), text.slice(t))) return true;
      return false;
    }
    if (at(p) === OPEN) {
      p++;
      const not = at(p) === CARET;
      if (not) p++;
      let match = false;
      for (; ; p++) {
        if (left() >= 2 && at(p) === BACKSLASH) {
          p++;
          if (at(p) === text[t]) match = true;
        } else if (at(p) === CLOSE) {
          break;
        } else if (left() === 0) {
          p--;
          break;
        } else if (left() >= 3 && at(p + 1) === DASH) {
          const ends = [signed(at(p)), signed(at(p + 2))].sort((one, other) => one - other);
          p += 2;
          if (signed(text[t]) >= ends[0] && signed(text[t]) <= ends[1]) match = true;
        } else if (at(p) === text[t]) {
          match = true;
        }
      }
      if (match === not) return false;
    } else if (at(p) !== QUESTION) {
      if (at(p) === BACKSLASH && left() >= 2) p++;
      if (at(p) !== text[t]) return false;
    }
    t++;
    p++;
    if (t === text.length) {
      while (at(p) === STAR) p++;
      break;
    }
  }
  return left() === 0 && t === text.length;
}

const NUL = -1;
const [STAR, OPEN, CARET, BACKSLASH, CLOSE, DASH, QUESTION] = Buffer.from('*[^\\]-?');
const signed = (code: number) => (code << 24) >> 24;
const codes = (text: string) => [...Buffer.from(text, 'latin1')];

function expectAsInRedis(pattern: string, text: string): void {
  // SCAN and KEYS do not match against a lone star.
  const expected = pattern === '*' || redisMatches(codes(pattern), codes(text));
  expect(globMatcher(pattern)(text), JSON.stringify([pattern, text])).toBe(expected);
}

describe('agrees with Redis', () => {
  const letters = fc.constantFrom('a', 'b', '\xe4');

  it.each([
    [
      'pieces of letters and ?',
      fc.string({ unit: fc.oneof({ weight: 2, arbitrary: letters }, fc.constantFrom('*', '?')), maxLength: 12 }),
    ],
    ['special characters', fc.string({ unit: fc.constantFrom(...'ab*?[]^-\\\xe4'), maxLength: 12 })],
    [
      'classes',
      fc
        .array(
          fc.oneof(
            letters,
            fc.constantFrom(
              '*',
              '*',
              '?',
              '[ab]',
              '[^a]',
              '[a-b]',
              '[b-a]',
              '[\\a-b]',
              '[a-\\]',
              '[a-]b]',
              '[]',
              '[^]',
              '[a-\xe4]',
              '[^\\]]',
            ),
          ),
          { maxLength: 8 },
        )
        .map((parts) => parts.join('')),
    ],
  ])('on %s', (_, pattern) => {
    const text = fc.string({
      unit: fc.oneof({ weight: 4, arbitrary: letters }, fc.constantFrom(...'*?[]^-\\')),
      maxLength: 14,
    });
    fc.assert(fc.property(pattern, text, expectAsInRedis), { numRuns: 3000 });
  });

  it('on long parts between stars', () => {
    const piece = (unit: fc.Arbitrary<string>, maxLength: number) => fc.string({ unit, minLength: 30, maxLength });
    // Few letters, so that parts repeat within themselves.
    const literal = piece(fc.constantFrom('a', 'a', 'a', 'b'), 80);
    const wild = piece(fc.constantFrom('a', 'a', 'a', 'b', '?'), 128);
    const noise = fc.string({ unit: fc.constantFrom('a', 'a', 'b'), maxLength: 100 });
    fc.assert(
      fc.property(fc.oneof(literal, wild), fc.boolean(), noise, noise, noise, (middle, present, before, after, end) => {
        const text = before + (present ? middle.replaceAll('?', 'b') : '') + after;
        expectAsInRedis(`*${middle}*`, text);
        expectAsInRedis(`*${middle}*${end}`, text + end);
        expectAsInRedis(`${before}*${middle}*${middle}`, text + middle.replaceAll('?', 'a'));
      }),
      { numRuns: 300 },
    );
  });
});

describe('a pattern designed to be slow is matched quickly', () => {
  const most = 'a'.repeat(1021);

  it.each([
    ['a star for each letter', `${'a*'.repeat(500)}b`],
    ['a long part that fails at its end', `*${most}b*`],
    ['a long part that fails at its start', `*b${most}*`],
    ['a long part that fails in its middle', `*${'a'.repeat(510)}b${'a'.repeat(510)}*`],
    ['parts that match anything', `*${'?'.repeat(127)}b*`.repeat(7)],
    ['classes', `*${'[ab][^b]'.repeat(63)}c*`],
    ['a class of many ranges', `*[${'b-c'.repeat(300)}]*`],
    ['many parts with classes', '*[^b]aaaaaa?b'.repeat(78)],
  ])('%s', (_, pattern) => {
    // Trying each position would take up to 16 billion steps, which is hours.
    expect(globMatcher(pattern)(`${'a'.repeat(16 * 2 ** 20)}\n`)).toBe(false);
  });

  it('does not search a text that is longer than the limit', () => {
    const search = globMatcher('*b*', 1000);
    expect(search('a'.repeat(1000))).toBe(false);
    expect(() => search('a'.repeat(1001))).toThrow('a pattern with two or more stars cannot be matched');
    // These patterns need no search.
    expect(globMatcher('a*b', 1000)('a'.repeat(1001))).toBe(false);
    expect(globMatcher('*', 1000)('a'.repeat(1001))).toBe(true);
  });

  it('refuses the few patterns for which no search is quick', () => {
    expect(() => globMatcher(`*${'?'.repeat(129)}*`)).toThrow(
      'a pattern with ? or [] must not have more than 128 characters',
    );
    // At the ends of a text no search is needed.
    expect(globMatcher(`${'?'.repeat(500)}*${'?'.repeat(500)}`)('x'.repeat(1000))).toBe(true);
  });
});
