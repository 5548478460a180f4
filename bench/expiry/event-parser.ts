/** Returned for a number that has not arrived completely. */
const INCOMPLETE = -1;
const [ASTERISK, DOLLAR, CR, ZERO, NINE] = Buffer.from('*$\r09');
/**
 * The index of the part that ends in the number, both in `pmessage, pattern, channel, token` and in `message, channel,
 * key`.
 */
const NUMBERED = 2;

/**
 * Extracts from a subscriber's messages (arrays of bulk strings) the session number at the end of their third part. It
 * decodes nothing else, so it can read a million messages a second as they arrive.
 */
export class EventParser {
  readonly #onEvent: (session: number) => void;
  /** The beginning of an incomplete message. */
  #rest: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(onEvent: (session: number) => void) {
    this.#onEvent = onEvent;
  }

  /** @throws Error if the bytes are not such a message. */
  push(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#at = 0;
    let end = 0;
    while (this.#readMessage(bytes)) end = this.#at;
    this.#rest = bytes.subarray(end);
  }

  /** Returns false if the message is incomplete. */
  #readMessage(bytes: Buffer): boolean {
    const parts = this.#readNumber(bytes, ASTERISK);
    let numberEnd = 0;
    for (let part = 0; part < parts; part++) {
      const length = this.#readNumber(bytes, DOLLAR);
      if (length === INCOMPLETE) return false;
      if (part === NUMBERED) numberEnd = this.#at + length;
      this.#at += length + 2;
    }
    if (parts === INCOMPLETE || this.#at > bytes.length) return false;
    this.#onEvent(numberBefore(bytes, numberEnd));
    return true;
  }

  /** Reads a line that consists of a type byte and a number. */
  #readNumber(bytes: Buffer, mark: number): number {
    if (this.#at >= bytes.length) return INCOMPLETE;
    if (bytes[this.#at] !== mark) {
      throw new Error(`no message: ${JSON.stringify(bytes.toString('latin1', this.#at, this.#at + 80))}`);
    }
    let number = 0;
    for (let at = this.#at + 1; at < bytes.length - 1; at++) {
      if (bytes[at] === CR) {
        this.#at = at + 2;
        return number;
      }
      number = number * 10 + (bytes[at] - ZERO);
    }
    return INCOMPLETE;
  }
}

/** Returns the decimal number that ends before `end`. */
function numberBefore(bytes: Buffer, end: number): number {
  let number = 0;
  let scale = 1;
  for (let at = end - 1; bytes[at] >= ZERO && bytes[at] <= NINE; at--) {
    number += (bytes[at] - ZERO) * scale;
    scale *= 10;
  }
  return number;
}
