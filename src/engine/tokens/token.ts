import { randomFillSync } from 'node:crypto';
import { Slice } from '../../slice.js';

/**
 * Tokens are 128 bits, written as 22 characters of base64url (RFC 4648). In the engine a token is four 32-bit words, so
 * that comparing tokens allocates nothing.
 */

/** Characters in a token. */
export const TOKEN_LENGTH = 22;
/** 32-bit words in a token. */
export const TOKEN_WORDS = 4;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const INVALID = 255;
/** The 6 bits of each base64url character, INVALID for every other byte. */
const SIX_BITS = new Uint8Array(256).fill(INVALID);
for (let bits = 0; bits < 64; bits++) SIX_BITS[ALPHABET.charCodeAt(bits)] = bits;

/**
 * Parses a token into `words`.
 *
 * 22 characters hold 132 bits. The last four bits must be 0, so that every token has only one spelling.
 * @returns false if `text` is not a token. `words` is undefined then.
 */
export function parseToken(text: Slice, words: Uint32Array): boolean {
  const { bytes, start, end } = text;
  if (end - start !== TOKEN_LENGTH) return false;
  let seen = 0;
  for (let i = 0; i < TOKEN_LENGTH; i++) {
    const six = SIX_BITS[bytes[start + i]];
    sixes[i] = six;
    seen |= six;
  }
  const s = sixes;
  words[0] = (s[0] << 26) | (s[1] << 20) | (s[2] << 14) | (s[3] << 8) | (s[4] << 2) | (s[5] >>> 4);
  words[1] = (s[5] << 28) | (s[6] << 22) | (s[7] << 16) | (s[8] << 10) | (s[9] << 4) | (s[10] >>> 2);
  words[2] = (s[10] << 30) | (s[11] << 24) | (s[12] << 18) | (s[13] << 12) | (s[14] << 6) | s[15];
  words[3] = (s[16] << 26) | (s[17] << 20) | (s[18] << 14) | (s[19] << 8) | (s[20] << 2) | (s[21] >>> 4);
  // A valid character has neither of the two top bits set; INVALID has both.
  return seen < 64 && (s[21] & 15) === 0;
}

/** Whether `text` is a well-formed token. */
export function isToken(text: Slice): boolean {
  return parseToken(text, scratch);
}

const scratch = new Uint32Array(TOKEN_WORDS);

/** The 6 bits of each character of the token being parsed. */
const sixes = new Uint8Array(TOKEN_LENGTH);

const CHARACTERS = Buffer.from(ALPHABET);
/** The text of the latest formatted token. Reused, because allocating a buffer takes longer than filling it. */
const formatted = Slice.of(Buffer.alloc(TOKEN_LENGTH));

/** Formats the four words from `words[offset]` on as 22 characters, valid until the next call. */
export function formatToken(words: Uint32Array, offset = 0): Slice {
  // Written out, because a loop takes three times as long, and every record of the journal has a token.
  const { bytes: text } = formatted;
  const characters = CHARACTERS;
  const first = words[offset];
  const second = words[offset + 1];
  const third = words[offset + 2];
  const fourth = words[offset + 3];
  text[0] = characters[first >>> 26];
  text[1] = characters[(first >>> 20) & 63];
  text[2] = characters[(first >>> 14) & 63];
  text[3] = characters[(first >>> 8) & 63];
  text[4] = characters[(first >>> 2) & 63];
  text[5] = characters[((first << 4) | (second >>> 28)) & 63];
  text[6] = characters[(second >>> 22) & 63];
  text[7] = characters[(second >>> 16) & 63];
  text[8] = characters[(second >>> 10) & 63];
  text[9] = characters[(second >>> 4) & 63];
  text[10] = characters[((second << 2) | (third >>> 30)) & 63];
  text[11] = characters[(third >>> 24) & 63];
  text[12] = characters[(third >>> 18) & 63];
  text[13] = characters[(third >>> 12) & 63];
  text[14] = characters[(third >>> 6) & 63];
  text[15] = characters[third & 63];
  text[16] = characters[fourth >>> 26];
  text[17] = characters[(fourth >>> 20) & 63];
  text[18] = characters[(fourth >>> 14) & 63];
  text[19] = characters[(fourth >>> 8) & 63];
  text[20] = characters[(fourth >>> 2) & 63];
  text[21] = characters[(fourth << 4) & 63];
  return formatted;
}

/** Returns a random token. */
export function newToken(): Slice {
  randomToken(scratch);
  return Slice.of(formatToken(scratch).copy());
}

/** Random words for 256 tokens: one call to the system's generator takes longer than the rest of making a token. */
const pool = new Uint32Array(256 * TOKEN_WORDS);
let poolUsed = pool.length;

/** Fills `words` with 128 bits from the system's CSPRNG. */
export function randomToken(words: Uint32Array): void {
  if (poolUsed === pool.length) {
    randomFillSync(pool);
    poolUsed = 0;
  }
  for (let i = 0; i < TOKEN_WORDS; i++) {
    words[i] = pool[poolUsed];
    // A token is a credential: it must not stay here.
    pool[poolUsed++] = 0;
  }
}
