import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyOfName, sessionNameText } from '../../page/names/key-of-name.js';
import { nameParts, nameText } from '../../page/names/readable-name.js';
import type { JsonBytes } from '../../src/http/json-bytes.js';

const textOf = (name: JsonBytes) => nameParts(name).map(({ text, escaped }) => (escaped ? `[${text}]` : text));

const anyText = fc
  .array(fc.integer({ min: 0, max: 0x10ffff }).filter((code) => code < 0xd800 || code > 0xdfff))
  .map((codes) => String.fromCodePoint(...codes));

describe('a name on the page', () => {
  it.each<[JsonBytes, string[]]>([
    ['user:42', ['user:42']],
    ['Ada Lovelace', ['Ada Lovelace']],
    ['عربة', ['عربة']],
    ['👩‍💻', ['👩', '[\\u{200d}]', '💻']],
    ['<b>bold</b>', ['<b>bold</b>']],
    ['basket ', ['basket', '[␣]']],
    [' basket', ['[␣]', 'basket']],
    ['a  b', ['a', '[␣]', '[␣]', 'b']],
    ['a\u00a0b', ['a', '[\\xa0]', 'b']],
    ['a\tb\nc', ['a', '[\\t]', 'b', '[\\n]', 'c']],
    ['user\u202egnp', ['user', '[\\u{202e}]', 'gnp']],
    ['a\u200bb', ['a', '[\\u{200b}]', 'b']],
    ['\u0301a', ['[\\u{301}]', 'a']],
    ['caf\u00e9', ['caf\u00e9']],
    ['cafe\u0301', ['cafe', '[\\u{301}]']],
    [{ base64: '/wABYWJj' }, ['[\\xff\\x00\\x01]', 'abc']],
  ])('%j', (name, parts) => expect(textOf(name)).toEqual(parts));

  it('shows different names differently', () => {
    const text = fc.array(fc.constantFrom(' ', '\u00a0', '\u200b', '\u202e', '\\', 'u', '{', 'a', '␣', '\n', 'n'));
    const name = text.map((letters) => letters.join(''));
    fc.assert(
      fc.property(name, name, (one, other) => {
        fc.pre(one !== other);
        expect(nameParts(one)).not.toEqual(nameParts(other));
      }),
    );
  });

  it('shows nothing that cannot be seen', () => {
    fc.assert(
      fc.property(anyText, (name) => {
        expect(nameText(name)).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});

describe('the name of a session', () => {
  it.each<[JsonBytes, number, JsonBytes, string]>([
    ['cart', 0, 'cart', 'cart'],
    ['\u00003:cart', 3, 'cart', 'database 3: cart'],
    ['\u00001023:', 1023, '', 'database 1023: '],
    ['\u00001024:cart', 0, '\u00001024:cart', '\\x001024:cart'],
    ['\u000003:cart', 0, '\u000003:cart', '\\x0003:cart'],
    ['\u00003cart', 0, '\u00003cart', '\\x003cart'],
    ['3:cart', 0, '3:cart', '3:cart'],
    // NUL, "3:", 0xff, "a".
    [{ base64: 'ADM6/2E=' }, 3, { base64: '/2E=' }, 'database 3: \\xffa'],
  ])('%j is a key of database %i', (name, database, key, text) => {
    expect(keyOfName(name)).toEqual({ database, key });
    expect(sessionNameText(name)).toBe(text);
  });
});
