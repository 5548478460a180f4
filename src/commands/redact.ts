/** A token is 22 such characters; what is longer could hold one. */
const TOKEN_LIKE = /[\w-]{22,}/g;

/**
 * What a client sent, as an error may repeat it: without anything that could be a token, which is a
 * credential, and cut to `length` characters.
 */
export function redacted(sent: Buffer, length = 128): string {
  // A token that starts within what is shown is looked at whole.
  const text = sent.toString('utf8', 0, 8 * length + 22);
  return text.replace(TOKEN_LIKE, '(redacted)').slice(0, length);
}
