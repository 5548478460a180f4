import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';

const SMALLEST = 100;
const LARGEST = 1_000_000;
const MOST_KEYS = 8;
/** In seconds. None expires while the benchmark runs. */
const DURATION = '86400';

/** The most bytes of requests that wait for their replies. */
const MOST_WAITING = 8e6;

/** The bytes of which all values are parts. */
const SOURCE = randomBytes(2 * LARGEST);

/** A value: a part of the source. */
interface Part {
  readonly start: number;
  length: number;
}

/**
 * Sessions with one to eight keys, whose sizes are spread evenly over the orders of magnitude, and the data that they
 * should have.
 */
export class MixedSessions {
  readonly #client: Redis;
  /** Each session's values, by its number. */
  readonly #sessions = new Map<number, Part[]>();
  #made = 0;
  #bytes = 0;
  /** Bytes of requests that wait for their replies, the reply to the last one, and the first failure. */
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();
  #failure: Error | undefined;

  constructor(port: number) {
    this.#client = new Redis({ port, retryStrategy: null });
  }

  get count(): number {
    return this.#sessions.size;
  }

  /** The total size of the values in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Creates sessions until they have this many bytes. */
  async make(bytes: number): Promise<void> {
    while (this.#bytes < bytes) await this.#makeOne();
    await this.#settle();
  }

  /** Reads, replaces, appends to, ends and creates sessions at random. */
  async use(seconds: number): Promise<void> {
    const end = performance.now() + seconds * 1000;
    const numbers = [...this.#sessions.keys()];
    const { bytes } = this;
    while (performance.now() < end) {
      const at = random(numbers.length);
      const number = numbers[at];
      const parts = this.#sessions.get(number) ?? [];
      const key = random(parts.length);
      const choice = Math.random();
      if (choice < 0.5) {
        await this.#check(number, key, parts[key]);
      } else if (choice < 0.7) {
        const part = randomPart(parts.length);
        this.#bytes += part.length - parts[key].length;
        parts[key] = part;
        await this.#send(['SESSION.SET', addressOf(number), `key${key}`, bytesOf(part)]);
      } else if (choice < 0.8) {
        const part = parts[key];
        const length = Math.min(random(1000), SOURCE.length - part.start - part.length);
        const added = SOURCE.subarray(part.start + part.length, part.start + part.length + length);
        part.length += length;
        this.#bytes += length;
        await this.#send(['SESSION.APPEND', addressOf(number), `key${key}`, added]);
      } else {
        await this.#end(number);
        while (this.#bytes < bytes - LARGEST) numbers[at] = await this.#makeOne();
        if (!this.#sessions.has(numbers[at])) numbers[at] = await this.#makeOne();
      }
    }
    await this.#settle();
  }

  /**
   * Reads a share of the sessions.
   * @throws Error if any data differs from what was sent.
   */
  async verify(share: number): Promise<void> {
    for (const [number, parts] of this.#sessions) {
      if (Math.random() > share) continue;
      for (const [key, part] of parts.entries()) await this.#check(number, key, part);
    }
    await this.#settle();
  }

  /** Ends the sessions one by one, in random order. */
  async endEach(): Promise<void> {
    const numbers = [...this.#sessions.keys()];
    for (let left = numbers.length; left > 0; left--) {
      const at = random(left);
      await this.#end(numbers[at]);
      numbers[at] = numbers[left - 1];
    }
    await this.#settle();
  }

  async endAll(): Promise<void> {
    await this.#client.call('SESSION.ENDALL');
    this.#sessions.clear();
    this.#bytes = 0;
  }

  /** Returns `used_memory`, in bytes. */
  async usedMemory(): Promise<number> {
    return Number(/^used_memory:(\d+)/m.exec(await this.#client.info('memory'))?.[1]);
  }

  close(): void {
    this.#client.disconnect();
  }

  /** Sends a request, once few bytes are waiting. */
  async #send(words: readonly (string | Buffer)[], onReply: (reply: unknown) => void = () => {}): Promise<void> {
    const bytes = words.reduce((sum, word) => sum + word.length, 0);
    const [command, ...args] = words;
    this.#waiting += bytes;
    this.#last = this.#client
      .callBuffer(command as string, ...args)
      .then(onReply)
      .catch((error: Error) => {
        this.#failure ??= error;
      })
      .finally(() => {
        this.#waiting -= bytes;
      });
    if (this.#waiting > MOST_WAITING) await this.#settle();
  }

  /** Waits for all replies, which come in order. */
  async #settle(): Promise<void> {
    await this.#last;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #makeOne(): Promise<number> {
    const number = this.#made++;
    const keys = 1 + random(MOST_KEYS);
    const parts = Array.from({ length: keys }, () => randomPart(keys));
    this.#sessions.set(number, parts);
    for (const { length } of parts) this.#bytes += length;
    const data = parts.flatMap((part, key) => [`key${key}`, bytesOf(part)]);
    await this.#send(['SESSION.NEW', `large:${number}`, DURATION, 'SHARED', 'DATA', ...data]);
    return number;
  }

  async #end(number: number): Promise<void> {
    for (const { length } of this.#sessions.get(number) ?? []) this.#bytes -= length;
    this.#sessions.delete(number);
    await this.#send(['SESSION.END', addressOf(number)]);
  }

  async #check(number: number, key: number, { start, length }: Part): Promise<void> {
    await this.#send(['SESSION.GET', addressOf(number), `key${key}`], (reply) => {
      const isRight = reply instanceof Buffer && reply.equals(SOURCE.subarray(start, start + length));
      if (!isRight) throw new Error(`session ${number} has a wrong value under key ${key}`);
    });
  }
}

function addressOf(number: number): string {
  return `@large:${number}`;
}

function bytesOf({ start, length }: Part): Buffer {
  return SOURCE.subarray(start, start + length);
}

function random(end: number): number {
  return Math.floor(Math.random() * end);
}

/** Returns a random value for a session with this many keys. */
function randomPart(keys: number): Part {
  const length = Math.ceil((SMALLEST * (LARGEST / SMALLEST) ** Math.random()) / keys);
  return { start: random(LARGEST), length };
}
