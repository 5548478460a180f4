/**
 * The requests of many acts, one behind the other in one buffer: what a client sends at once is a piece of it, and
 * sending costs neither a copy nor an allocation per request.
 */
export class PreparedRequests {
  readonly count: number;
  readonly #bytes: Buffer;
  /** Where each request starts, and where the last ends. */
  readonly #offsets: Float64Array;

  /** @param request The request of the act with an index, in ASCII. */
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

  /** The requests from `first` to before `end`. */
  slice(first: number, end: number): Buffer {
    return this.#bytes.subarray(this.#offsets[first], this.#offsets[end]);
  }
}

/** Requests are put together as text of about so many characters, then turned into bytes. */
const PIECE = 65_536;
