import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { shuffled } from './shuffled.js';

const SMALLEST = 100;
const LARGEST = 1_000_000;
const MOST_KEYS = 8;
/** In seconds. None expires while the benchmark runs. */
const DURATION = '86400';

/** The most bytes of requests that wait for their replies. */
const MOST_WAITING = 8e6;

/** The bytes of which all values are parts. */
const SOURCE = randomBytes(2 * LARGEST);

/**
 * Sessions with one to eight keys, whose sizes are spread evenly over the orders of magnitude, and the data that they
 * should have.
 */
export class MixedSessions {
  readonly #client: Redis;
  /** Each session's values, by its number. They are parts of the source. */
  readonly #sessions = new Map<number, Buffer[]>();
  #made = 0;
  #bytes = 0;
  /** Bytes of requests that wait for their replies, the reply to the last one, and the first failure. */
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();
  #failure: Error | undefined;

  constructor(client: Redis) {
    this.#client = client;
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
      const values = this.#sessions.get(number) ?? [];
      const key = random(values.length);
      const value = values[key];
      const choice = Math.random();
      if (choice < 0.5) {
        await this.#check(number, key, value);
      } else if (choice < 0.7) {
        values[key] = randomValue(values.length);
        this.#bytes += values[key].length - value.length;
        await this.#send(['SESSION.SET', addressOf(number), `key${key}`, values[key]]);
      } else if (choice < 0.8) {
        const start = value.byteOffset - SOURCE.byteOffset;
        values[key] = SOURCE.subarray(start, start + value.length + random(1000));
        const added = values[key].subarray(value.length);
        this.#bytes += added.length;
        await this.#send(['SESSION.APPEND', addressOf(number), `key${key}`, added]);
      } else {
        await this.#end(number);
        do numbers[at] = await this.#makeOne();
        while (this.#bytes < bytes - LARGEST);
      }
    }
    await this.#settle();
  }

  /**
   * Reads a share of the sessions.
   * @throws Error if any data differs from what was sent.
   */
  async verify(share: number): Promise<void> {
    for (const [number, values] of this.#sessions) {
      if (Math.random() > share) continue;
      for (const [key, value] of values.entries()) await this.#check(number, key, value);
    }
    await this.#settle();
  }

  /** Ends the sessions one by one, in random order. */
  async endEach(): Promise<void> {
    const numbers = [...this.#sessions.keys()];
    for (const index of shuffled(numbers.length)) await this.#end(numbers[index]);
    await this.#settle();
  }

  async endAll(): Promise<void> {
    await this.#client.call('SESSION.ENDALL');
    this.#sessions.clear();
    this.#bytes = 0;
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
    const values = Array.from({ length: keys }, () => randomValue(keys));
    this.#sessions.set(number, values);
    for (const { length } of values) this.#bytes += length;
    const data = values.flatMap((value, key) => [`key${key}`, value]);
    await this.#send(['SESSION.NEW', `large:${number}`, DURATION, 'SHARED', 'DATA', ...data]);
    return number;
  }

  async #end(number: number): Promise<void> {
    for (const { length } of this.#sessions.get(number) ?? []) this.#bytes -= length;
    this.#sessions.delete(number);
    await this.#send(['SESSION.END', addressOf(number)]);
  }

  async #check(number: number, key: number, value: Buffer): Promise<void> {
    await this.#send(['SESSION.GET', addressOf(number), `key${key}`], (reply) => {
      if (reply instanceof Buffer && reply.equals(value)) return;
      throw new Error(`session ${number} has a wrong value under key ${key}`);
    });
  }
}

function addressOf(number: number): string {
  return `@large:${number}`;
}

function random(end: number): number {
  return Math.floor(Math.random() * end);
}

/** Returns a random value for a session with this many keys. */
function randomValue(keys: number): Buffer {
  const length = Math.ceil((SMALLEST * (LARGEST / SMALLEST) ** Math.random()) / keys);
  const start = random(LARGEST);
  return SOURCE.subarray(start, start + length);
}
