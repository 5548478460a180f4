/** Encodes an array of strings in RESP, as requests and some replies are. The words are ASCII. */
export function encodeArray(words: readonly (string | number)[]): string {
  let text = `*${words.length}\r\n`;
  for (const word of words) text += encodeString(String(word));
  return text;
}

export function encodeString(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}
