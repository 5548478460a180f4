import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { shuffled } from './shuffled.js';

const SMALLEST = 100;
const LARGEST = 1_000_000;
const MOST_KEYS = 8;
/** In seconds. None expires while the benchmark runs. */
const DURATION = '86400';
/** The bytes of which all values are parts. */
const SOURCE = randomBytes(2 * LARGEST);

/**
 * Sessions with one to eight keys, whose sizes are spread evenly over the orders of magnitude, and the data that they
 * should have. It waits for each reply, so several of these use a server at the same time.
 */
export class MixedSessions {
  readonly #client: Redis;
  readonly #prefix: string;
  /** The values of each session, by its name. They are parts of the source. */
  readonly #sessions = new Map<string, Buffer[]>();
  #made = 0;
  /** The total size of the values. */
  bytes = 0;

  /** @param prefix The prefix of the sessions' names. */
  constructor(client: Redis, prefix: string) {
    this.#client = client;
    this.#prefix = prefix;
  }

  get count(): number {
    return this.#sessions.size;
  }

  /** Creates sessions until they have this many bytes. */
  async make(bytes: number): Promise<void> {
    while (this.bytes < bytes) await this.#makeOne();
  }

  /** Reads, replaces, appends to, ends and creates sessions at random. */
  async use(seconds: number): Promise<void> {
    const end = performance.now() + seconds * 1000;
    const names = [...this.#sessions.keys()];
    const { bytes } = this;
    while (performance.now() < end && names.length > 0) {
      const at = random(names.length);
      const values = this.#sessions.get(names[at]) ?? [];
      const key = random(values.length);
      const choice = Math.random();
      if (choice < 0.5) {
        await this.#check(names[at], key);
      } else if (choice < 0.7) {
        await this.#change('SESSION.SET', names[at], key, randomValue(values.length), 0);
      } else if (choice < 0.8) {
        const start = values[key].byteOffset - SOURCE.byteOffset;
        const longer = SOURCE.subarray(start, start + values[key].length + random(1000));
        await this.#change('SESSION.APPEND', names[at], key, longer, values[key].length);
      } else {
        await this.#end(names[at]);
        do names[at] = await this.#makeOne();
        while (this.bytes < bytes - LARGEST);
      }
    }
  }

  /**
   * Reads a share of the sessions.
   * @throws Error if any data differs from what was sent.
   */
  async verify(share: number): Promise<void> {
    for (const [name, values] of this.#sessions) {
      if (Math.random() > share) continue;
      for (const key of values.keys()) await this.#check(name, key);
    }
  }

  /** Ends the sessions one by one, in random order. */
  async endEach(): Promise<void> {
    const names = [...this.#sessions.keys()];
    for (const index of shuffled(names.length)) await this.#end(names[index]);
  }

  async #makeOne(): Promise<string> {
    const name = `${this.#prefix}:${this.#made++}`;
    const keys = 1 + random(MOST_KEYS);
    const values = Array.from({ length: keys }, () => randomValue(keys));
    this.#sessions.set(name, values);
    this.bytes += sizeOf(values);
    const data = values.flatMap((value, key) => [`key${key}`, value]);
    await this.#client.call('SESSION.NEW', name, DURATION, 'SHARED', 'DATA', ...data);
    return name;
  }

  async #end(name: string): Promise<void> {
    this.bytes -= sizeOf(this.#sessions.get(name) ?? []);
    this.#sessions.delete(name);
    await this.#client.call('SESSION.END', `@${name}`);
  }

  /** @param from The offset in `value` of the bytes to send. */
  async #change(command: string, name: string, key: number, value: Buffer, from: number): Promise<void> {
    const values = this.#sessions.get(name) ?? [];
    this.bytes += value.length - values[key].length;
    values[key] = value;
    await this.#client.call(command, `@${name}`, `key${key}`, value.subarray(from));
  }

  async #check(name: string, key: number): Promise<void> {
    const reply = (await this.#client.callBuffer('SESSION.GET', `@${name}`, `key${key}`)) as Buffer | null;
    const value = this.#sessions.get(name)?.[key];
    if (!value || !reply?.equals(value)) throw new Error(`session ${name} has a wrong value under key ${key}`);
  }
}

function sizeOf(values: readonly Buffer[]): number {
  return values.reduce((sum, { length }) => sum + length, 0);
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
