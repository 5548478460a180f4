import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editsBetween, nearest } from '../src/nearest.js';

describe('the nearest words', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['port', 'port', 0],
    ['prot', 'port', 1],
    ['ports', 'port', 1],
    ['pirt', 'port', 1],
    ['kitten', 'sitting', 3],
  ])('%j and %j are %i edits apart', (one, other, edits) => {
    expect(editsBetween(one, other)).toBe(edits);
    expect(editsBetween(other, one)).toBe(edits);
  });

  it('a word with one edit is at most one edit away', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.string({ minLength: 1, maxLength: 1 }), (word, at, letter) => {
        const split = at % (word.length + 1);
        const edited = word.slice(0, split) + letter + word.slice(split);
        expect(editsBetween(word, edited)).toBe(letter.length);
      }),
    );
  });

  it('are sorted by distance, without those too far away', () => {
    const words = ['session.set', 'session.get', 'session.getall', 'ping'];
    expect(nearest('session.gte', words, 3)).toEqual(['session.get', 'session.set']);
    expect(nearest('pong', words)).toEqual(['ping']);
    expect(nearest('xyz', words)).toEqual([]);
  });
});
