import { optionNames } from '../../config.js';

/** A token is 22 such characters; what is longer could hold one, or another server's session id. */
const TOKEN_LIKE = /[\w-]{22,}/g;

/** Words without a digit or a capital, and without what a token ends in where one would end: names of services and the like. */
const WORDS = /^[a-z_-]{21}[a-fh-vx-z_-]+$/;

/** Names of options are as long, and no secret. */
const isOption = (word: string) => (optionNames as readonly string[]).includes(word.toLowerCase());

/**
 * What a client sent, as an error or SLOWLOG may repeat it: without anything that could be a token, which is a
 * credential, and cut to `length` characters.
 */
export function redacted(sent: Buffer, length = 128): string {
  const read = 8 * length;
  let text = sent.toString('utf8', 0, read);
  // What is cut off in the middle could be the beginning of a token.
  if (sent.length > read) text = text.replace(/[\w-]+$/, '');
  return redactedText(text).slice(0, length);
}

/** A text that a client chose, such as its name, as others may see it: without anything that could be a token. */
export function redactedText(text: string): string {
  return text.replace(TOKEN_LIKE, (word) => (WORDS.test(word) || isOption(word) ? word : '(redacted)'));
}
