import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pattern } from '../../src/json/i-regexp.js';
import { Work } from '../../src/json/limits.js';

const matches = (text: string, pattern: string, isWhole = true) =>
  Pattern.compile(pattern, new Work())?.matches(text, isWhole, new Work());

/** Returns whether a pattern has no more states than it may have. */
function isSmall(pattern: string): boolean {
  try {
    return Pattern.compile(pattern, new Work()) !== undefined;
  } catch {
    return false;
  }
}

/** Random patterns that mean the same in I-Regexp and in JavaScript. */
const { pattern } = fc.letrec<{ pattern: string; branch: string; piece: string; atom: string }>((tie) => ({
  pattern: fc.oneof(
    { depthSize: 'small' },
    tie('branch'),
    fc.tuple(tie('branch'), tie('branch')).map((both) => both.join('|')),
  ),
  branch: fc.array(tie('piece'), { maxLength: 4 }).map((pieces) => pieces.join('')),
  piece: fc
    .tuple(tie('atom'), fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,}', '{0,2}', '{0}'))
    .map((parts) => parts.join('')),
  atom: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(
      'a',
      'b',
      'c',
      '.',
      '[ab]',
      '[^a]',
      '[b-c]',
      '[a\\-]',
      '\\.',
      '\\n',
      '\\p{L}',
      '\\P{Lu}',
      '😀',
      '[-a]',
      '[a-]',
    ),
    tie('pattern').map((inner) => `(${inner})`),
  ),
}));

describe('I-Regexp', () => {
  it('matches as JavaScript does', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', '.', '\n', '-', 'É', '😀'), { maxLength: 8 })
      .map((all) => all.join(''));
    fc.assert(
      fc.property(pattern, text, (given, subject) => {
        fc.pre(isSmall(given));
        // JavaScript backtracks, and would take minutes for some patterns with more.
        fc.pre((given.match(/[*+?{]/g) ?? []).length <= 5);
        expect(matches(subject, given, false)).toBe(new RegExp(given, 'u').test(subject));
        expect(matches(subject, given, true)).toBe(new RegExp(`^(?:${given})$`, 'u').test(subject));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    '(',
    ')',
    'a**',
    '*',
    '[',
    '[]',
    '[b-a]',
    '[a--b]',
    'a{2,1}',
    '\\d',
    '\\',
    '\\p{Xx}',
    '{',
    'a{',
    ']',
    '(?:a)',
  ])('does not take %s for a pattern', (given) => {
    expect(matches('a', given)).toBe(undefined);
  });

  it('takes time in proportion to the text, whatever the pattern', () => {
    // A backtracking engine takes 2^30 steps for these.
    for (const given of ['(a*)*b', '(a|a)*b', '(a?){30}a{30}c', '((((a{0,5}){0,5}){0,5})|b)*c']) {
      expect(matches('a'.repeat(30), given)).toBe(false);
    }
    expect(() => matches('a'.repeat(1_000_000), '(a|b|c|d)*e')).toThrow('this takes more than');
    // Many states that accept nothing.
    expect(() => matches('a'.repeat(1_000_000), '(|){490}b', false)).toThrow('this takes more than');
    expect(() => matches('a'.repeat(1_000_000), `(${'|'.repeat(900)})b`, false)).toThrow('this takes more than');
    expect(() => matches('a', '(a{999}){999}')).toThrow('more than 1000 states');
    expect(() => matches('a', '(){999999999}')).toThrow('more than 1000 states');
    expect(() => matches('a', 'a'.repeat(1025))).toThrow('longer than 1024 bytes');
    expect(matches('a', `${'('.repeat(500)}a${')'.repeat(500)}`)).toBe(true);
  });
});
