/** Requests are collected as text of about this many characters, then converted to bytes. */
const PIECE = 65_536;

/**
 * The requests of many operations, contiguous in one buffer. What a client sends together is a slice of it, so sending
 * costs neither a copy nor an allocation per request.
 */
export class Requests {
  readonly #count: number;
  readonly #bytes: Buffer;
  /** Where each request starts, and where the last one ends. */
  readonly #offsets: Float64Array;

  /** @param request Returns the request of the operation with an index, in ASCII. */
  constructor(count: number, request: (index: number) => string) {
    this.#count = count;
    this.#offsets = new Float64Array(count + 1);
    const pieces: Buffer[] = [];
    let text = '';
    for (let index = 0; index < count; index++) {
      const next = request(index);
      text += next;
      this.#offsets[index + 1] = this.#offsets[index] + next.length;
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
  parts(clients: number): Lane[] {
    const starts = this.#starts(clients);
    return starts.map((start, lane) => new Lane(this, start, starts[lane + 1] ?? this.#count));
  }

  /** Lets each client send all requests repeatedly, beginning at a different place. */
  cycles(clients: number): Lane[] {
    return this.#starts(clients).map((start) => new Lane(this, start, this.#count, 0));
  }

  #starts(clients: number): number[] {
    return Array.from({ length: clients }, (_, lane) => Math.floor((lane * this.#count) / clients));
  }
}

/** The requests that a client sends, in order. */
export class Lane {
  readonly #requests: Requests;
  readonly #end: number;
  readonly #restart: number;
  #next: number;
  /** How many requests the last `take` returned. */
  taken = 0;

  /** @param restart Where to continue after the end. By default, the lane is then empty. */
  constructor(requests: Requests, next: number, end: number, restart = end) {
    this.#requests = requests;
    this.#next = next;
    this.#end = end;
    this.#restart = restart;
  }

  /** Returns the next requests: at most `most` and, unless none are left, at least one. */
  take(most: number): Buffer {
    if (this.#next === this.#end) this.#next = this.#restart;
    const first = this.#next;
    this.#next = Math.min(first + most, this.#end);
    this.taken = this.#next - first;
    return this.#requests.slice(first, this.#next);
  }
}
