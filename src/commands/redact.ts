import { optionNames } from '../config.js';

/** A token is 22 such characters; what is longer could hold one. */
const TOKEN_LIKE = /[\w-]{22,}/g;

/** Names of options are as long, and no secret. */
const isOption = (word: string) => (optionNames as readonly string[]).includes(word.toLowerCase());

/**
 * What a client sent, as an error may repeat it: without anything that could be a token, which is a
 * credential, and cut to `length` characters.
 */
export function redacted(sent: Buffer, length = 128): string {
  const read = 8 * length;
  let text = sent.toString('utf8', 0, read);
  // What is cut off in the middle could be the beginning of a token.
  if (sent.length > read) text = text.replace(/[\w-]+$/, '');
  return text.replace(TOKEN_LIKE, (word) => (isOption(word) ? word : '(redacted)')).slice(0, length);
}
