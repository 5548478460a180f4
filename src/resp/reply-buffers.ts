/**
 * Buffers into which replies are written, shared by all connections: as a rule one is in use at a time, by the client that
 * is served. What has to wait does not wait in one of them.
 */

/** Bytes of each buffer: the replies to what one read brings fit, as a rule. */
const BYTES = 64 * 1024;
/** So many that nobody uses are kept at most. */
const MAX_KEPT = 8;

const kept: Buffer[] = [];

/** A buffer of at least so many bytes, with anything in it. */
export function takeReplyBuffer(bytes: number): Buffer {
  if (bytes > BYTES) return Buffer.allocUnsafeSlow(bytes);
  return kept.pop() ?? Buffer.allocUnsafeSlow(BYTES);
}

/** Gives a buffer back that nobody reads any more. */
export function giveReplyBufferBack(buffer: Buffer): void {
  if (buffer.length === BYTES && kept.length < MAX_KEPT) kept.push(buffer);
}
