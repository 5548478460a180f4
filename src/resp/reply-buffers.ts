/**
 * Buffers that replies are written into, shared by all connections. Usually only one buffer is in use: the one for the
 * client being served. Output that has to wait is not kept in them.
 */

/** Size of each buffer in bytes. The replies to the requests of one socket read usually fit. */
const BYTES = 64 * 1024;
/** The most unused buffers that are kept. */
const MAX_KEPT = 8;

const kept: Buffer[] = [];

/** Returns a buffer of at least `bytes` bytes, with undefined content. */
export function takeReplyBuffer(bytes: number): Buffer {
  if (bytes > BYTES) return Buffer.allocUnsafeSlow(bytes);
  return kept.pop() ?? Buffer.allocUnsafeSlow(BYTES);
}

/** Takes back a buffer that nothing reads any more. */
export function giveReplyBufferBack(buffer: Buffer): void {
  if (buffer.length === BYTES && kept.length < MAX_KEPT) kept.push(buffer);
}
