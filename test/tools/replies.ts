/**
 * RESP2 and RESP3, read more strictly than a client library does: every byte must be in its place, and a status, an
 * error and a push message each have a class of their own. Strings have one character per byte.
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

/** Thrown when the reply is incomplete. */
class Incomplete {
  /** How many bytes are needed before another attempt is worthwhile. */
  readonly needed: number;
  constructor(needed: number) {
    this.needed = needed;
  }
}

/**
 * Reads the reply at the beginning of the bytes.
 * @returns The reply and where it ends, or how many bytes are needed before another attempt is worthwhile.
 * @throws Error for bytes that are not a reply.
 */
export function readReply(bytes: Buffer): { reply: Reply; end: number } | { needed: number } {
  let at = 0;

  function line(): string {
    const end = bytes.indexOf('\r\n', at, 'latin1');
    if (end < 0) throw new Incomplete(bytes.length + 1);
    const text = bytes.toString('latin1', at, end);
    at = end + 2;
    return text;
  }

  function bulk(length: number): string {
    const end = at + length;
    if (end + 2 > bytes.length) throw new Incomplete(end + 2);
    if (bytes.toString('latin1', end, end + 2) !== '\r\n') throw new Error('a bulk string does not end with CRLF');
    const text = bytes.toString('latin1', at, end);
    at = end + 2;
    return text;
  }

  function items(count: number): Reply[] {
    const all: Reply[] = [];
    for (let i = 0; i < count; i++) all.push(next());
    return all;
  }

  function next(): Reply {
    const header = line();
    const rest = header.slice(1);
    switch (header[0]) {
      case '+':
        return new Status(rest);
      case '-':
        return new Failure(rest);
      case ':':
        return Number.isSafeInteger(integer(rest)) ? integer(rest) : BigInt(rest);
      case '(':
        return BigInt(rest);
      case ',':
        return Number(rest.replace('inf', 'Infinity'));
      case '#':
        return rest === 't';
      case '_':
        return null;
      case '$':
        return rest === '-1' ? null : bulk(integer(rest));
      case '=':
        return bulk(integer(rest)).replace(/^txt:/, '');
      case '*':
        return rest === '-1' ? null : items(integer(rest));
      case '~':
        return items(integer(rest));
      case '>':
        return new Push(items(integer(rest)));
      case '%':
        return mapOf(items(integer(rest) * 2));
      default:
        throw new Error(`not a reply: ${JSON.stringify(header.slice(0, 60))}`);
    }
  }

  try {
    const reply = next();
    return { reply, end: at };
  } catch (error) {
    if (error instanceof Incomplete) return { needed: error.needed };
    throw error;
  }
}

function integer(text: string): number {
  if (!/^-?\d{1,19}$/.test(text)) throw new Error(`not an integer: ${JSON.stringify(text.slice(0, 60))}`);
  return Number(text);
}

/** Reads the replies in a stream of chunks. */
export class ReplyReader {
  #chunks: Buffer[] = [];
  #length = 0;
  #needed = 1;

  /** How many bytes have not been read as a reply yet. */
  get pending(): number {
    return this.#length;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** The next reply, undefined if it is incomplete. @throws Error for bytes that are not a reply. */
  next(): Reply | undefined {
    if (this.#length < this.#needed) return undefined;
    const bytes = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
    const found = readReply(bytes);
    const rest = 'end' in found ? bytes.subarray(found.end) : bytes;
    this.#chunks = [rest];
    this.#length = rest.length;
    this.#needed = 'end' in found ? 1 : found.needed;
    return 'end' in found ? found.reply : undefined;
  }
}

/** A map. RESP2 writes it as a flat array. */
export function mapOf(reply: Reply): ReadonlyMap<string, Reply> {
  if (reply instanceof Map) return reply;
  if (!Array.isArray(reply) || reply.length % 2 !== 0) throw new Error(`not a map: ${show(reply)}`);
  const map = new Map<string, Reply>();
  for (let i = 0; i < reply.length; i += 2) map.set(String(reply[i]), reply[i + 1]);
  if (map.size !== reply.length / 2) throw new Error(`a map has the same key twice: ${show(reply)}`);
  return map;
}

export function isError(reply: Reply, code: string): reply is Failure {
  return reply instanceof Failure && reply.text.startsWith(`${code} `);
}

export function isStatus(reply: Reply, text: string): reply is Status {
  return reply instanceof Status && reply.text === text;
}

/** A reply as text, for people. Equal replies give the same text. */
export function show(reply: Reply): string {
  if (reply instanceof Status) return `+${reply.text}`;
  if (reply instanceof Failure) return `-${reply.text}`;
  if (reply instanceof Push) return `push ${show(reply.items)}`;
  if (reply instanceof Map)
    return `{${[...reply].map(([key, value]) => `${JSON.stringify(key)}: ${show(value)}`).join(', ')}}`;
  if (Array.isArray(reply)) return `[${reply.map(show).join(', ')}]`;
  return typeof reply === 'bigint' ? String(reply) : JSON.stringify(reply);
}
