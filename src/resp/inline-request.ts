import { ProtocolError } from './protocol-error.js';

const SPACES = /[ \t\r\n\0\v\f]/;
const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' };

/**
 * Splits a typed line into arguments, as Redis does. Spaces separate arguments. Text in double quotes may contain the
 * escapes \n \r \t \b \a \" \\ and \xHH; text in single quotes only \'. A space or the end of the line must follow a
 * closing quote.
 *
 * @param line The line without its line ending.
 * @throws ProtocolError if quotes are unbalanced.
 */
export function splitInlineRequest(line: Buffer): Buffer[] {
  // One character per byte: any byte is kept.
  const text = line.toString('latin1');
  const words: Buffer[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && SPACES.test(text[at])) at++;
    if (at === text.length) return words;
    const pieces: string[] = [];
    while (at < text.length && !SPACES.test(text[at])) {
      const quote = text[at];
      if (quote === '"' || quote === "'") {
        at = readQuoted(text, at + 1, quote, pieces);
        if (at < text.length && !SPACES.test(text[at])) throw new ProtocolError('unbalanced quotes in request');
      } else {
        pieces.push(quote);
        at++;
      }
    }
    words.push(Buffer.from(pieces.join(''), 'latin1'));
  }
}

/** Reads up to the closing quote into `pieces`. Returns the index after the quote. */
function readQuoted(text: string, start: number, quote: string, pieces: string[]): number {
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (character === quote) return at + 1;
    if (character !== '\\' || at + 1 === text.length) {
      pieces.push(character);
      continue;
    }
    const escaped = text[at + 1];
    const hex = quote === '"' && escaped === 'x' ? /^[0-9a-fA-F]{2}/.exec(text.slice(at + 2, at + 4)) : null;
    if (hex !== null) {
      pieces.push(String.fromCharCode(Number.parseInt(hex[0], 16)));
      at += 3;
    } else if (quote === '"') {
      pieces.push(ESCAPES[escaped] ?? escaped);
      at++;
    } else if (escaped === "'") {
      pieces.push("'");
      at++;
    } else {
      pieces.push(character);
    }
  }
  throw new ProtocolError('unbalanced quotes in request');
}
