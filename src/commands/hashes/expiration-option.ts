import type { Argument } from '../declaration/command.js';
import { EXPIRY_OPTIONS } from '../keys/expiry.js';

/** Returns the argument that says when fields expire: a time, or another word. @param word In capitals. */
export function expirationOr(word: string): Argument {
  const times = EXPIRY_OPTIONS.map(({ word: token, argument }): Argument => ({ ...argument, token }));
  const other: Argument = { name: word.toLowerCase(), type: 'pure-token', token: word };
  return { name: 'expiration', type: 'oneof', optional: true, arguments: [...times, other] };
}
