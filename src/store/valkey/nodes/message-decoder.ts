/** What a node sends to a subscriber. Texts are UTF-8. */
export interface MessageListener {
  /** @param message A view of what was received. */
  onMessage(channel: string, message: Buffer): void;
  onSubscribed(channel: string): void;
  onUnsubscribed(channel: string): void;
  onPong(): void;
  /** An error, or something that no subscriber expects. */
  onError(reason: string): void;
}

const CR = 13;
const DOLLAR = 36;
const STAR = 42;
const PLUS = 43;
const MINUS = 45;
const ZERO = 48;
const [S, M] = Buffer.from('sm');

const MESSAGE_LENGTH = 'smessage'.length;

/** A message or a confirmation is an array of three: its kind, the channel, and a text or a number. */
const ELEMENTS = 3;

/** Returned by a method that needs more bytes. */
const INCOMPLETE = -1;

/**
 * Decodes what a node sends to a subscriber in RESP2. The decoders of client libraries create several objects for each
 * message, and take longer than everything that respite does with it.
 */
export class MessageDecoder {
  readonly #listener: MessageListener;
  /** Bytes of an incomplete message. */
  #rest: Buffer | undefined;
  /** The number that `#header` has read. */
  #number = 0;
  /** Where the elements of the array begin and end. */
  readonly #starts = new Array<number>(ELEMENTS).fill(0);
  readonly #ends = new Array<number>(ELEMENTS).fill(0);

  constructor(listener: MessageListener) {
    this.#listener = listener;
  }

  /** @param chunk It is not copied, so it must not change. */
  write(chunk: Buffer): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (at < bytes.length) {
      const end = bytes[at] === STAR ? this.#array(bytes, at) : this.#line(bytes, at);
      if (end === INCOMPLETE) break;
      at = end;
    }
    this.#rest = at === bytes.length ? undefined : bytes.subarray(at);
  }

  /** Reads an array. Returns where it ends. */
  #array(bytes: Buffer, from: number): number {
    let at = this.#header(bytes, from);
    if (at === INCOMPLETE) return INCOMPLETE;
    const count = this.#number;
    for (let i = 0; i < count; i++) {
      const type = bytes[at];
      at = this.#header(bytes, at);
      if (at === INCOMPLETE) return INCOMPLETE;
      // A number ends with its header. So does a missing text: its length is -1.
      const length = type === DOLLAR ? this.#number : -1;
      this.#starts[i] = at;
      this.#ends[i] = at + Math.max(0, length);
      if (length >= 0) at += length + 2;
      if (at > bytes.length) return INCOMPLETE;
    }
    this.#dispatch(bytes);
    return at;
  }

  /** Reads a type, a number and a line end. Returns where they end. */
  #header(bytes: Buffer, from: number): number {
    let number = 0;
    let at = from + 1;
    const isNegative = bytes[at] === MINUS;
    if (isNegative) at++;
    for (; bytes[at] !== CR; at++) {
      if (at >= bytes.length) return INCOMPLETE;
      number = number * 10 + bytes[at] - ZERO;
    }
    if (at + 2 > bytes.length) return INCOMPLETE;
    this.#number = isNegative ? -number : number;
    return at + 2;
  }

  #dispatch(bytes: Buffer): void {
    const [kindStart, channelStart, thirdStart] = this.#starts;
    const [kindEnd, channelEnd, thirdEnd] = this.#ends;
    const isMessage = kindEnd - kindStart === MESSAGE_LENGTH && bytes[kindStart] === S && bytes[kindStart + 1] === M;
    if (isMessage) {
      this.#listener.onMessage(bytes.toString('utf8', channelStart, channelEnd), bytes.subarray(thirdStart, thirdEnd));
      return;
    }
    const kind = bytes.toString('latin1', kindStart, kindEnd);
    const channel = bytes.toString('utf8', channelStart, channelEnd);
    if (kind === 'ssubscribe') this.#listener.onSubscribed(channel);
    else if (kind === 'sunsubscribe') this.#listener.onUnsubscribed(channel);
    else if (kind === 'pong') this.#listener.onPong();
    else this.#listener.onError('an unexpected reply');
  }

  /** Reads a status or an error. Returns where it ends. */
  #line(bytes: Buffer, from: number): number {
    const end = bytes.indexOf(CR, from);
    if (end < 0 || end + 2 > bytes.length) return INCOMPLETE;
    const text = bytes.toString('utf8', from + 1, end);
    if (bytes[from] === PLUS) this.#listener.onPong();
    else this.#listener.onError(bytes[from] === MINUS ? text : 'an unexpected reply');
    return end + 2;
  }
}
