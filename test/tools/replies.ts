/**
 * RESP replies, read more strictly than a client library would: every byte must be where it belongs, and
 * what a RESP2 client cannot be told apart by (a status, an error, a push) is a class of its own here.
 * Texts have one character per byte.
 */

export class Status {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export class Failure {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export class Push {
  readonly items: readonly Reply[];
  constructor(items: readonly Reply[]) {
    this.items = items;
  }
}

export type Reply =
  | string
  | number
  | bigint
  | boolean
  | null
  | Status
  | Failure
  | Push
  | readonly Reply[]
  | ReadonlyMap<string, Reply>;

const INCOMPLETE = Symbol('incomplete');
type Part = Reply | typeof INCOMPLETE;

export class ReplyReader {
  #chunks: Buffer[] = [];
  #held = 0;
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;
  /** So many bytes must be there before it is worth another look. */
  #needed = 1;

  /** Bytes that are not read as a reply yet. */
  get pending(): number {
    return this.#held + this.#buffer.length;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
  }

  /** The next reply, undefined if it is not whole. @throws Error for what is none. */
  next(): Reply | undefined {
    if (this.pending < this.#needed) return undefined;
    if (this.#held > 0) {
      this.#buffer = Buffer.concat([this.#buffer, ...this.#chunks]);
      this.#chunks = [];
      this.#held = 0;
    }
    this.#at = 0;
    this.#needed = this.#buffer.length + 1;
    const reply = this.#read();
    if (reply === INCOMPLETE) return undefined;
    this.#buffer = this.#buffer.subarray(this.#at);
    this.#needed = 1;
    return reply;
  }

  #read(): Part {
    const end = this.#buffer.indexOf('\r\n', this.#at, 'latin1');
    if (end < 0) return INCOMPLETE;
    const line = this.#buffer.toString('latin1', this.#at, end);
    this.#at = end + 2;
    const rest = line.slice(1);
    switch (line[0]) {
      case '+':
        return new Status(rest);
      case '-':
        return new Failure(rest);
      case ':': {
        const value = integer(rest);
        return Number.isSafeInteger(value) ? value : BigInt(rest);
      }
      case ',':
        return Number(rest);
      case '#':
        return rest === 't';
      case '_':
        return null;
      case '$':
        return rest === '-1' ? null : this.#readBulk(integer(rest));
      case '=': {
        const text = this.#readBulk(integer(rest));
        return typeof text === 'string' ? text.replace(/^txt:/, '') : text;
      }
      case '*':
        return rest === '-1' ? null : this.#readItems(integer(rest));
      case '>': {
        const items = this.#readItems(integer(rest));
        return items === INCOMPLETE ? INCOMPLETE : new Push(items);
      }
      case '%':
        return this.#readMap(integer(rest));
      default:
        throw new Error(`no reply starts like ${JSON.stringify(line.slice(0, 60))}`);
    }
  }

  #readBulk(length: number): Part {
    const end = this.#at + length;
    if (end + 2 > this.#buffer.length) {
      this.#needed = end + 2;
      return INCOMPLETE;
    }
    if (this.#buffer.toString('latin1', end, end + 2) !== '\r\n')
      throw new Error('a bulk string has no CRLF behind it');
    const text = this.#buffer.toString('latin1', this.#at, end);
    this.#at = end + 2;
    return text;
  }

  #readItems(length: number): Reply[] | typeof INCOMPLETE {
    const items: Reply[] = [];
    for (let i = 0; i < length; i++) {
      const item = this.#read();
      if (item === INCOMPLETE) return INCOMPLETE;
      items.push(item);
    }
    return items;
  }

  #readMap(size: number): Part {
    const items = this.#readItems(size * 2);
    return items === INCOMPLETE ? INCOMPLETE : mapOf(items);
  }
}

function integer(text: string): number {
  if (!/^-?\d{1,19}$/.test(text)) throw new Error(`no integer: ${JSON.stringify(text.slice(0, 60))}`);
  return Number(text);
}

/** A map, which RESP2 writes as a flat array. */
export function mapOf(reply: Reply): ReadonlyMap<string, Reply> {
  if (reply instanceof Map) return reply;
  if (!Array.isArray(reply) || reply.length % 2 !== 0) throw new Error(`no map: ${show(reply)}`);
  const map = new Map<string, Reply>();
  for (let i = 0; i < reply.length; i += 2) map.set(String(reply[i]), reply[i + 1]);
  if (map.size !== reply.length / 2) throw new Error(`a key comes twice: ${show(reply)}`);
  return map;
}

export function isError(reply: Reply, code: string): reply is Failure {
  return reply instanceof Failure && reply.text.startsWith(`${code} `);
}

/** A reply for a person to read. Equal replies read the same. */
export function show(reply: Reply): string {
  if (reply instanceof Status) return `+${reply.text}`;
  if (reply instanceof Failure) return `-${reply.text}`;
  if (reply instanceof Push) return `push ${show(reply.items)}`;
  if (reply instanceof Map)
    return `{${[...reply].map(([key, value]) => `${JSON.stringify(key)}: ${show(value)}`).join(', ')}}`;
  if (Array.isArray(reply)) return `[${reply.map(show).join(', ')}]`;
  return typeof reply === 'bigint' ? String(reply) : JSON.stringify(reply);
}
