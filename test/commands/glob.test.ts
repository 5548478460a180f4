import fc from 'fast-check';
import { expect, it } from 'vitest';
import { globMatcher } from '../../src/commands/glob.js';

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

it('agrees with a matcher that tries everything', () => {
  const tryAll = (pattern: string, text: string): boolean => {
    if (pattern === '') return text === '';
    if (pattern[0] === '*') return tryAll(pattern.slice(1), text) || (text !== '' && tryAll(pattern, text.slice(1)));
    return text !== '' && (pattern[0] === '?' || pattern[0] === text[0]) && tryAll(pattern.slice(1), text.slice(1));
  };
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
  const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 });
  fc.assert(
    fc.property(pattern, text, (glob, subject) => {
      // Of what matches nothing at all Redis knows but the lone star.
      const expected = subject === '' ? glob === '' || glob === '*' : tryAll(glob, subject);
      expect(globMatcher(glob)(subject)).toBe(expected);
    }),
    { numRuns: 2000 },
  );
});

it('is not kept busy by a pattern made to be slow', () => {
  expect(globMatcher(`${'a*'.repeat(100)}b`)('a'.repeat(512))).toBe(false);
});
