import { createHmac, randomFillSync } from 'node:crypto';

/**
 * Tokens: 128 bits, written as 22 characters of base64url. In the engine a token is four 32-bit
 * words, so that comparing one allocates nothing.
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
 * Reads a token into `words`.
 *
 * 22 characters hold 132 bits; the last four must be 0, so that no two spellings are the same token.
 * @returns false, with `words` undefined, if `text` is not a token.
 */
export function parseToken(text: Uint8Array, words: Uint32Array): boolean {
  if (text.length !== TOKEN_LENGTH) return false;
  let bits = 0;
  let held = 0;
  let word = 0;
  let seen = 0;
  for (let i = 0; i < TOKEN_LENGTH; i++) {
    const six = SIX_BITS[text[i]];
    seen |= six;
    if (held + 6 < 32) {
      bits = (bits << 6) | six;
      held += 6;
    } else {
      const rest = held + 6 - 32;
      words[word++] = (bits << (6 - rest)) | (six >>> rest);
      bits = six & ((1 << rest) - 1);
      held = rest;
    }
  }
  // A valid character has neither of the two top bits; INVALID has both.
  return seen < 64 && bits === 0;
}

/** Written anew for each token: making a buffer would take longer than filling it. */
const formatted = Buffer.alloc(TOKEN_WORDS * 4);

/** Writes the four words that start at `words[offset]` as 22 characters. */
export function formatToken(words: Uint32Array, offset = 0): string {
  for (let i = 0; i < TOKEN_WORDS; i++) {
    const word = words[offset + i];
    formatted[i * 4] = word >>> 24;
    formatted[i * 4 + 1] = word >>> 16;
    formatted[i * 4 + 2] = word >>> 8;
    formatted[i * 4 + 3] = word;
  }
  return formatted.toString('base64url');
}

/** Random words for 256 tokens at a time: one call of the system's generator costs more than a token. */
const pool = new Uint32Array(256 * TOKEN_WORDS);
let poolUsed = pool.length;

/** Fills `words` with 128 bits from the system's CSPRNG. */
export function randomToken(words: Uint32Array): void {
  if (poolUsed === pool.length) {
    randomFillSync(pool);
    poolUsed = 0;
  }
  words.set(pool.subarray(poolUsed, poolUsed + TOKEN_WORDS));
  // What was given out is a credential: it does not stay here.
  pool.fill(0, poolUsed, poolUsed + TOKEN_WORDS);
  poolUsed += TOKEN_WORDS;
}

/** Fills `words` with the token of the shared session `name`: HMAC-SHA-256 under `secret`, cut to 128 bits. */
export function deriveToken(secret: Uint8Array, name: Uint8Array, words: Uint32Array): void {
  const digest = createHmac('sha256', secret).update(name).digest();
  for (let i = 0; i < TOKEN_WORDS; i++) words[i] = digest.readUInt32BE(i * 4);
}
