import type { JsonBytes } from '../../src/http/json-bytes.js';

/** A piece of a name: text as it is, or something that cannot be seen, written as an escape. */
interface NamePart {
  readonly text: string;
  readonly escaped: boolean;
}

/**
 * What cannot be seen or changes how other text looks: control and format characters (which turn the direction of
 * text), unassigned and private ones, line ends, spaces that are not the plain one, a space at an end or beside another
 * space, and combining marks that nothing precedes.
 */
const HIDDEN =
  /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}|^ | $| (?= )|(?<= ) |^\p{M}|[\u115F\u1160\u2800\u3164\uFFA0]|[\uFE00-\uFE0F]/gu;

const HIDDEN_OR_MARK = new RegExp(`${HIDDEN.source}|\\p{M}`, 'gu');

/** Splits a name into what can be shown as it is and what has to be escaped, so that no two names look the same. */
export function nameParts(name: JsonBytes): NamePart[] {
  if (typeof name !== 'string') return binaryParts(name.base64);
  const parts: NamePart[] = [];
  let from = 0;
  // Marks of their own look like letters that have them: é can be written in two ways.
  const hiding = name === name.normalize('NFC') ? HIDDEN : HIDDEN_OR_MARK;
  for (const { 0: hidden, index } of name.matchAll(hiding)) {
    if (index > from) parts.push({ text: name.slice(from, index), escaped: false });
    parts.push({ text: escapeOf(hidden), escaped: true });
    from = index + hidden.length;
  }
  if (from < name.length) parts.push({ text: name.slice(from), escaped: false });
  return parts;
}

/** Returns bytes as plain text. */
export const nameText = (name: JsonBytes): string =>
  nameParts(name)
    .map(({ text }) => text)
    .join('');

function escapeOf(character: string): string {
  if (character === ' ') return '␣';
  const code = character.codePointAt(0) ?? 0;
  const known = { 9: '\\t', 10: '\\n', 13: '\\r' }[code];
  if (known !== undefined) return known;
  return code < 0x100 ? `\\x${hex(code)}` : `\\u{${hex(code)}}`;
}

/** Printable ASCII of bytes that are not UTF-8 is shown as it is. */
function binaryParts(base64: string): NamePart[] {
  const parts: NamePart[] = [];
  for (const byte of atob(base64)) {
    const code = byte.charCodeAt(0);
    const escaped = code <= 0x20 || code >= 0x7f;
    const text = escaped ? `\\x${hex(code)}` : byte;
    const last = parts.at(-1);
    if (last?.escaped === escaped) parts[parts.length - 1] = { text: last.text + text, escaped };
    else parts.push({ text, escaped });
  }
  return parts;
}

const hex = (code: number): string => code.toString(16).padStart(2, '0');
