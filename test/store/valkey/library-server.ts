import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { expect } from 'vitest';
import { INFO, STATS } from '../../../src/store/valkey/library/constants.js';
import { readLibrary } from '../../../src/store/valkey/library/library.js';
import { RedisServer } from '../../tools/redis-server.js';
import { NODE_TIME, withNodeTime } from './node-time.js';

type Argument = Uint8Array | string | number;

/** The base of the partition of the sessions. */
export const BASE = 'respite:{17}';
/** The base of the partition of the names, unless sessions are created at home. */
export const NAMES_BASE = 'respite:{18}';
/** The functions of names. */
const OF_NAMES = new Set(['index', 'indexed', 'unindex', 'page', 'namescan']);

/** The flags of `create`. */
export const Flag = { deleteSession: 1, extendGet: 2, extendSet: 4, shared: 8 };

export interface NewSession {
  readonly token?: string;
  readonly name?: string | Buffer;
  readonly flags?: number;
  /** In ms. */
  readonly duration?: number;
  /** In ms. */
  readonly maxAge?: number;
  readonly data?: readonly Argument[];
}

export interface Created {
  readonly token: string;
  readonly member: Buffer;
}

/** A server with the library, and a connection to it. */
export class LibraryServer {
  static readonly there = RedisServer.there;
  readonly #server: RedisServer;
  /** A connection on which the server may be asked anything. */
  readonly redis: Redis;
  readonly #prefix: string;

  private constructor(server: RedisServer, redis: Redis, prefix: string) {
    this.#server = server;
    this.redis = redis;
    this.#prefix = prefix;
  }

  static async start(...options: string[]): Promise<LibraryServer> {
    const server = await RedisServer.start(options);
    const redis = new Redis(server.port);
    const { code, prefix } = readLibrary();
    await redis.function('LOAD', withNodeTime(code));
    return new LibraryServer(server, redis, prefix);
  }

  /** Loads the library of an earlier version too, and returns the same server with the functions of that version. */
  async earlier(): Promise<LibraryServer> {
    const code = readFileSync(new URL('earlier-library.lua', import.meta.url), 'utf8');
    const name = await this.redis.function('LOAD', withNodeTime(code));
    return new LibraryServer(this.#server, this.redis, String(name).replace(/respite$/, ''));
  }

  /** Lets time stand still for the functions, until `redis.flushall`. It begins later than the node's own. */
  async holdTime(): Promise<void> {
    await this.redis.set(NODE_TIME, `${Math.ceil(Date.now() / 1000) + 1}000000`);
  }

  /** Lets time pass for the functions after `holdTime`. The node itself removes keys by its own time. */
  async pass(ms: number): Promise<void> {
    await this.redis.incrby(NODE_TIME, ms * 1000);
  }

  async stop(): Promise<void> {
    this.redis.disconnect();
    await this.#server.stop();
  }

  /** Calls a function. Its texts are returned as Buffers. */
  async call<Reply = unknown>(fn: string, ...args: readonly (Argument | readonly Argument[])[]): Promise<Reply> {
    return this.callAt(OF_NAMES.has(fn) ? NAMES_BASE : BASE, fn, ...args);
  }

  /** Calls a function in a partition, given by its base. */
  async callAt<Reply>(base: string, fn: string, ...args: readonly (Argument | readonly Argument[])[]): Promise<Reply> {
    const all = (args.flat() as Argument[]).map((arg) => (arg instanceof Uint8Array ? Buffer.from(arg) : arg));
    return (await this.redis.callBuffer('FCALL', [this.#prefix + fn, 1, base, ...all])) as Reply;
  }

  /** Calls a function. Its texts are returned as strings with one character per byte. */
  async text<Reply = unknown>(fn: string, ...args: readonly (Argument | readonly Argument[])[]): Promise<Reply> {
    return texts(await this.call(fn, ...args)) as Reply;
  }

  /** Calls `info`. */
  async info(address: string): Promise<Record<(typeof INFO)[number], unknown>> {
    return named(INFO, await this.text('info', address));
  }

  /** Calls `stats`. */
  async stats(): Promise<Record<(typeof STATS)[number], unknown>> {
    return named(STATS, await this.text('stats'));
  }

  /** Creates a session as NEW does, in another partition than that of its name. */
  async create(settings: NewSession = {}): Promise<Created> {
    const { token = newToken(), name = 'user:42', flags = Flag.deleteSession, duration = 0, maxAge = 0 } = settings;
    const attempt = async (): Promise<Buffer> => {
      const created = await this.call<Buffer>('index', name, token);
      const creation = this.call('create', token, name, flags, duration, maxAge, created, settings.data ?? []);
      return creation.then(
        () => created,
        (error: Error) => {
          // A busy machine may take longer to send much data than a session may take to be created.
          if (/^TRYAGAIN/.test(error.message)) return attempt();
          throw error;
        },
      );
    };
    const created = await attempt();
    const member = Buffer.concat([Buffer.from(token), created, Buffer.from(name)]);
    await this.call('indexed', member);
    return { token, member };
  }

  /** What follows the base in the names of all keys. */
  async keys(): Promise<string[]> {
    return (await this.redis.keys('respite:*')).map((key) => key.replace(/^respite:\{\d+\}:/, '')).sort();
  }
}

export function newToken(): string {
  return randomBytes(16).toString('base64url');
}

export function idOf(member: Buffer): Buffer {
  return member.subarray(0, 38);
}

function named<Name extends string>(names: readonly Name[], values: readonly unknown[]): Record<Name, unknown> {
  expect(values).toHaveLength(names.length);
  return Object.fromEntries(names.map((name, i) => [name, values[i]])) as Record<Name, unknown>;
}

function texts(reply: unknown): unknown {
  if (Buffer.isBuffer(reply)) return reply.toString('latin1');
  return Array.isArray(reply) ? reply.map(texts) : reply;
}
