/** Requests are collected as text of about this many characters, then converted to bytes. */
const PIECE = 65_536;

/**
 * The requests of many operations, contiguous in one buffer. What a client sends together is a slice of it, so sending
 * costs neither a copy nor an allocation per request.
 */
export class Requests {
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

  /** Divides the requests among clients. Each sends its part once. */
  parts(lanes: number): Lane[] {
    const start = (lane: number) => Math.floor((lane * this.count) / lanes);
    return Array.from({ length: lanes }, (_, lane) => new Lane(this, start(lane), start(lane), start(lane + 1), false));
  }

  /** Lets each client send all requests repeatedly, beginning at a different place. */
  cycles(lanes: number): Lane[] {
    const start = (lane: number) => Math.floor((lane * this.count) / lanes);
    return Array.from({ length: lanes }, (_, lane) => new Lane(this, 0, start(lane), this.count, true));
  }
}

/** The requests that a client sends, in order. */
export class Lane {
  readonly #requests: Requests;
  readonly #first: number;
  readonly #end: number;
  readonly #repeats: boolean;
  #next: number;
  /** How many requests the last `take` returned. */
  taken = 0;

  constructor(requests: Requests, first: number, next: number, end: number, repeats: boolean) {
    this.#requests = requests;
    this.#first = first;
    this.#next = next;
    this.#end = end;
    this.#repeats = repeats;
  }

  /** Returns the next requests: at most `most` and, unless none are left, at least one. */
  take(most: number): Buffer {
    if (this.#next === this.#end && this.#repeats) this.#next = this.#first;
    const end = Math.min(this.#next + most, this.#end);
    const bytes = this.#requests.slice(this.#next, end);
    this.taken = end - this.#next;
    this.#next = end;
    return bytes;
  }
}
