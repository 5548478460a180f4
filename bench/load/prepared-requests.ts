/**
 * The requests of many operations, contiguous in one buffer. What a client sends together is a slice of it, so sending
 * costs neither a copy nor an allocation per request.
 */
export class PreparedRequests {
  readonly count: number;
  readonly #bytes: Buffer;
  /** Where each request starts, and where the last one ends. */
  readonly #offsets: Float64Array;

  /** @param request Returns the request of the operation with an index, in ASCII. */
  constructor(count: number, request: (index: number) => string) {
    this.count = count;
    this.#offsets = new Float64Array(count + 1);
    const pieces: Buffer[] = [];
    let text = '';
    let offset = 0;
    for (let index = 0; index < count; index++) {
      const next = request(index);
      text += next;
      offset += next.length;
      this.#offsets[index + 1] = offset;
      if (text.length < PIECE) continue;
      pieces.push(Buffer.from(text, 'latin1'));
      text = '';
    }
    this.#bytes = Buffer.concat([...pieces, Buffer.from(text, 'latin1')]);
  }

  /** Returns the requests from `first` up to, but not including, `end`. */
  slice(first: number, end: number): Buffer {
    return this.#bytes.subarray(this.#offsets[first], this.#offsets[end]);
  }
}

/** Requests are collected as text of about this many characters, then converted to bytes. */
const PIECE = 65_536;
