import { Redis } from 'ioredis';
import { CodedError, ERROR_CODES, type ErrorCode } from '../../../src/errors.js';
import { Slice } from '../../../src/slice.js';
import { readLibrary } from '../../../src/store/valkey/library/library.js';
import type { Argument, Nodes, Reply } from '../../../src/store/valkey/nodes/nodes.js';
import type { RedisServer } from '../../tools/redis-server.js';
import { NODE_TIME, withNodeTime } from './node-time.js';

/** Calls the functions of the library on a single server, in the plainest way. */
export class PlainNodes implements Pick<Nodes, 'call'> {
  readonly #client: Redis;
  readonly #prefix: string;
  readonly #library = readLibrary();

  private constructor(port: number, prefix: string) {
    this.#client = new Redis(port, { retryStrategy: null, enableAutoPipelining: false });
    this.#prefix = prefix;
  }

  static async connect(server: RedisServer, prefix = 'respite:'): Promise<PlainNodes> {
    const nodes = new PlainNodes(server.port, prefix);
    await nodes.#client.call('FUNCTION', 'LOAD', 'REPLACE', withNodeTime(nodes.#library.code));
    return nodes;
  }

  async call(partition: number, fn: string, args: readonly Argument[]): Promise<Reply> {
    const given = args.map((arg) => (arg instanceof Slice ? arg.copy() : arg));
    const words = [`${this.#library.prefix}${fn}`, '1', `${this.#prefix}{${partition}}`, ...given] as string[];
    try {
      return decoded(await this.#client.callBuffer('FCALL', ...words));
    } catch (error) {
      throw coded(error as Error);
    }
  }

  /** Lets time stand still for the functions. It begins later than the node's own. */
  async holdTime(): Promise<void> {
    await this.#client.set(NODE_TIME, `${Math.ceil(Date.now() / 1000) + 1}000000`);
  }

  /** Lets time pass for the functions after `holdTime`. */
  async pass(ms: number): Promise<void> {
    await this.#client.incrby(NODE_TIME, ms * 1000);
  }

  close(): void {
    this.#client.disconnect();
  }
}

/** ioredis returns errors inside of arrays as Errors. */
function decoded(reply: unknown): Reply {
  if (Array.isArray(reply)) return reply.map(decoded);
  return reply instanceof Error ? coded(reply) : (reply as Reply);
}

function coded(error: Error): CodedError {
  const [code] = error.message.split(' ', 1);
  const isKnown = (ERROR_CODES as readonly string[]).includes(code);
  return new CodedError(isKnown ? (code as ErrorCode) : 'ERR', error.message.slice(isKnown ? code.length + 1 : 0));
}
