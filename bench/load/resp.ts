/** Encodes a request in RESP. The words are ASCII. */
export function encodeRequest(...words: readonly (string | number)[]): string {
  let text = `*${words.length}\r\n`;
  for (const word of words.map(String)) text += `$${word.length}\r\n${word}\r\n`;
  return text;
}
