import { optionNames } from '../../config.js';

/** A token has 22 of these characters. A longer word could contain one, or be another server's session id. */
const TOKEN_LIKE = /[\w-]{22,}/g;

/**
 * Matches names of services and the like: no digits, no capitals and, from the 22nd character on, none that a token can
 * end in.
 */
const WORDS = /^[a-z_-]{21}[a-fh-vx-z_-]+$/;

/** Names of options are as long, but not secret. */
const isOption = (word: string) => (optionNames as readonly string[]).includes(word.toLowerCase());

/**
 * Returns bytes from a client in the form in which errors and SLOWLOG may repeat them: without anything that could be a
 * token, because tokens are credentials, and cut to `length` characters.
 */
export function redacted(sent: Buffer, length = 128): string {
  const read = 8 * length;
  let text = sent.toString('utf8', 0, read);
  // A word that is cut off could be the beginning of a token.
  if (sent.length > read) text = text.replace(/[\w-]+$/, '');
  return redactedText(text).slice(0, length);
}

/** Returns a text that a client chose, such as its name, without anything that could be a token. */
export function redactedText(text: string): string {
  return text.replace(TOKEN_LIKE, (word) => (WORDS.test(word) || isOption(word) ? word : '(redacted)'));
}
