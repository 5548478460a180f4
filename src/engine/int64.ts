const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;
/** As Redis reads integers: no plus, no spaces, no leading zeros, no -0. */
const CANONICAL = /^(?:0|-?[1-9][0-9]{0,18})$/;

/** The 64-bit integer that `text` spells, undefined if it is anything else. */
export function parseInt64(text: Buffer): bigint | undefined {
  if (text.length > 20) return undefined;
  const digits = text.toString('latin1');
  return CANONICAL.test(digits) ? withinInt64(BigInt(digits)) : undefined;
}

/** The value itself, undefined if it needs more than 64 bits. */
export function withinInt64(value: bigint): bigint | undefined {
  return value >= MIN && value <= MAX ? value : undefined;
}
