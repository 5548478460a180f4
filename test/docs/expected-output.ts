/** Tokens and public ids of a page, and those of this run that they stand for. */
export type Tokens = Map<string, string>;

const TOKEN = /(?<![\w-])[\w-]{22}(?![\w-])/;
/** A public id in quotes. Those in the pages have a digit and a capital, which tells them from words. */
const ID = /(?<=")(?=[\w-]*\d)(?=[\w-]*[A-Z])[\w-]{11}(?=")/;

/** What differs from run to run, besides tokens. */
const VARIABLE: readonly (readonly [pattern: RegExp, matches: string])[] = [
  [/\d{4}-\d\d-\d\dT[\d:.]+Z/, '\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z'],
  // Unix ms.
  [/(?<!\d)\d{13}(?!\d)/, '\\d{13}'],
  [/ port \d+/, ' port \\d+'],
  // Sizes of files, and how long it took to write them.
  [/\d+ bytes/, '\\d+ bytes'],
  [/\d+ good batch(?:es)? with \d+ records?/, '\\d+ good batch(?:es)? with \\d+ records?'],
  [/"(?:bytes|milliseconds)"\n *\d+\) \(integer\) \d+/, '"(?:bytes|milliseconds)"\\n *\\d+\\) \\(integer\\) \\d+'],
];

const ANY = new RegExp(
  `(${[TOKEN, ID, ...VARIABLE.map(([pattern]) => pattern)].map(({ source }) => source).join('|')})`,
);

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/**
 * Compares the output of a command with the page, and remembers new tokens.
 * @returns Whether they are the same, apart from what differs from run to run.
 */
export function isAsPrinted(actual: string, printed: string, tokens: Tokens): boolean {
  const found: string[] = [];
  const pattern = printed
    .split(ANY)
    .map((part, i) => {
      // What ANY matched is at the odd places.
      if (i % 2 === 0) return escaped(part);
      if (/^(?:[\w-]{22}|[\w-]{11})$/.test(part)) {
        const known = tokens.get(part);
        if (known !== undefined) return escaped(known);
        if (found.includes(part)) return `\\${found.indexOf(part) + 1}`;
        found.push(part);
        return `([\\w-]{${part.length}})`;
      }
      const variable = VARIABLE.find(([candidate]) => new RegExp(`^${candidate.source}$`).test(part));
      return variable === undefined ? escaped(part) : variable[1];
    })
    .join('');
  const match = new RegExp(`^${pattern}$`).exec(actual);
  if (match === null) return false;
  found.forEach((token, i) => {
    tokens.set(token, match[i + 1]);
  });
  return true;
}

/** A command of a page, with the tokens of this run. */
export function withTokens(command: string, tokens: Tokens): string {
  return [...tokens].reduce((text, [printed, actual]) => text.replaceAll(printed, actual), command);
}
