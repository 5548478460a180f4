import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinWords, splitWords } from '../../src/config-file/words.js';

describe('the words of a line', () => {
  it.each([
    ['port 7000', ['port', '7000']],
    ['  port\t 7000\r', ['port', '7000']],
    ['bind 127.0.0.1 -::1', ['bind', '127.0.0.1', '-::1']],
    ['requirepass "a b"', ['requirepass', 'a b']],
    ['x "\\x41\\n\\r\\t\\b\\a\\"\\\\\\q\\xzz"', ['x', 'A\n\r\t\b\x07"\\qxzz']],
    ["x 'it\\'s \\n \"'", ['x', 'it\'s \\n "']],
    ['x ""', ['x', '']],
    // As in Redis: a comment begins only at the start of a line, and quotes may begin within a word.
    ['port 7000 # the port', ['port', '7000', '#', 'the', 'port']],
    ['x a"b c"', ['x', 'ab c']],
    ['', []],
  ])('%j', (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });

  it.each(['x "a', "x 'a", 'x "a"b', "x 'a'b", 'x "a\\', "x 'a\\'"])('%j has a quote that is not closed', (line) => {
    expect(splitWords(line)).toBeUndefined();
  });

  it('that were written are read back, whatever bytes they have', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (words) => {
        const line = Buffer.from(joinWords(words)).toString('latin1');
        const read = splitWords(line)?.map((word) => Buffer.from(word, 'latin1').toString());
        expect(read).toEqual(words);
        expect(line).toMatch(/^[ -~]*$/);
      }),
    );
  });
});
