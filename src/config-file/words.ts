/** The escapes in double quotes, besides `\xHH`. Any other character after a backslash stands for itself. */
const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' };
/** As C's isspace. */
const BLANK = /[ \t\n\v\f\r]/;

/**
 * Splits a line of a configuration file into words, by the rules of redis.conf: words are separated by blanks;
 * "double" quotes may contain escapes; in 'single' quotes only \' is one.
 * @param line One character per byte. So are the words.
 * @returns Undefined if a quote is not closed, or if its end is not followed by a blank.
 */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (at < line.length && BLANK.test(line[at])) at++;
    if (at === line.length) return words;
    let word = '';
    while (at < line.length && !BLANK.test(line[at])) {
      const quote = line[at++];
      if (quote !== '"' && quote !== "'") {
        word += quote;
        continue;
      }
      const quoted = quote === '"' ? readDouble(line, at) : readSingle(line, at);
      if (quoted === undefined) return undefined;
      word += quoted.text;
      at = quoted.end;
      if (at < line.length && !BLANK.test(line[at])) return undefined;
    }
    words.push(word);
  }
}

/** The text in quotes, and the position after the closing quote. */
interface Quoted {
  readonly text: string;
  readonly end: number;
}

function readDouble(line: string, start: number): Quoted | undefined {
  let text = '';
  for (let at = start; at < line.length; ) {
    const hex = /^\\x([0-9a-f]{2})/i.exec(line.slice(at, at + 4))?.[1];
    if (hex !== undefined) {
      text += String.fromCharCode(Number.parseInt(hex, 16));
      at += 4;
    } else if (line[at] === '\\' && at + 1 < line.length) {
      text += ESCAPES[line[at + 1]] ?? line[at + 1];
      at += 2;
    } else if (line[at] === '"') {
      return { text, end: at + 1 };
    } else {
      text += line[at++];
    }
  }
  return undefined;
}

function readSingle(line: string, start: number): Quoted | undefined {
  let text = '';
  for (let at = start; at < line.length; at++) {
    if (line.startsWith("\\'", at)) text += line[++at];
    else if (line[at] === "'") return { text, end: at + 1 };
    else text += line[at];
  }
  return undefined;
}

/** Writes words as a line that `splitWords` reads back. Words of plain characters get no quotes. */
export function joinWords(words: readonly string[]): string {
  return words.map((word) => (/^[\w%*+,./:;@=-]+$/.test(word) ? word : `"${escaped(word)}"`)).join(' ');
}

function escaped(word: string): string {
  const letters = Object.entries(ESCAPES);
  return [...Buffer.from(word)]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      if (char === '"' || char === '\\') return `\\${char}`;
      if (byte >= 0x20 && byte < 0x7f) return char;
      const letter = letters.find(([, stands]) => stands === char)?.[0];
      return letter === undefined ? `\\x${byte.toString(16).padStart(2, '0')}` : `\\${letter}`;
    })
    .join('');
}
