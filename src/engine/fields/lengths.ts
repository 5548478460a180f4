/**
 * Lengths in records: one byte below 128, else two or three. A first byte from 128 to 254 means two bytes: 128 plus the
 * upper byte, then the lower byte. A first byte of 255 means three: the other two follow, lower one first.
 *
 * The loops over records read lengths themselves, because a call that returned a length and the index after it would
 * take longer.
 */

/** The first byte of a length that takes three bytes. */
export const THREE_BYTES = 255;
/** The smallest length that takes three bytes. */
const LONG = (THREE_BYTES & 127) << 8;

/** Returns the bytes that a length takes. */
export function lengthBytes(length: number): number {
  return length < 128 ? 1 : length < LONG ? 2 : 3;
}

/** Writes a length. Returns the index after it. */
export function writeLength(bytes: Buffer, at: number, length: number): number {
  if (length < 128) {
    bytes[at] = length;
    return at + 1;
  }
  if (length < LONG) {
    bytes[at] = 128 | (length >>> 8);
    bytes[at + 1] = length & 255;
    return at + 2;
  }
  bytes[at] = THREE_BYTES;
  bytes[at + 1] = length & 255;
  bytes[at + 2] = length >>> 8;
  return at + 3;
}
