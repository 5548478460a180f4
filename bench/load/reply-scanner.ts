/** How many bytes of a wrong reply an error message shows. */
const SHOWN = 80;

/**
 * Finds the ends of the replies to one operation, again and again. All correct replies have the same first line and the
 * same length, so an example of each is enough: the first line is compared, the rest is skipped. An error, a null, or
 * another type, length or number fails immediately. A reply that goes wrong later fails at the first line of the next.
 */
export class ReplyScanner {
  readonly #replies: readonly { readonly line: Buffer; readonly length: number }[];
  /** The index of the current reply within the operation, and how many of its bytes have arrived. */
  #reply = 0;
  #position = 0;

  /** @param examples Correct replies to one operation. */
  constructor(examples: readonly string[]) {
    this.#replies = examples.map((text) => ({
      line: Buffer.from(text.slice(0, text.indexOf('\n') + 1), 'latin1'),
      length: text.length,
    }));
  }

  /**
   * Returns how many operations these bytes complete.
   * @throws Error if a reply is wrong.
   */
  push(chunk: Buffer): number {
    let operations = 0;
    let position = this.#position;
    for (let at = 0; at < chunk.length; ) {
      const { line, length } = this.#replies[this.#reply];
      const start = at;
      for (; position < line.length && at < chunk.length; at++, position++) {
        if (chunk[at] !== line[position]) throw new Error(complaint(line, position - (at - start), chunk, start));
      }
      const skipped = Math.min(length - position, chunk.length - at);
      at += skipped;
      position += skipped;
      if (position < length) break;
      position = 0;
      this.#reply++;
      if (this.#reply < this.#replies.length) continue;
      this.#reply = 0;
      operations++;
    }
    this.#position = position;
    return operations;
  }
}

/** @param matched Bytes of the line that arrived before this chunk. */
function complaint(line: Buffer, matched: number, chunk: Buffer, start: number): string {
  const text = line.toString('latin1', 0, matched) + chunk.toString('latin1', start, start + SHOWN);
  return `the server replied ${JSON.stringify(text.slice(0, SHOWN))}, not ${line.toString('latin1').trimEnd()}`;
}
