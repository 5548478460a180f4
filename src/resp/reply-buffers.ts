/** Bytes of each buffer: the replies to what one read brings fit, as a rule. */
const BYTES = 64 * 1024;
/** Replies are written and sent within one turn of the event loop: a few buffers do for any number of clients. */
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
