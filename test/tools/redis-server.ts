import { isThere, Tool, works } from './external-tool.js';
import { freePort } from './free-port.js';

/** A real Redis server, to compare with. */
export class RedisServer {
  static readonly there = isThere('redis-server', 'redis-server', works('redis-server', '--version'));

  readonly port: number;
  readonly #tool: Tool;

  private constructor(port: number, tool: Tool) {
    this.port = port;
    this.#tool = tool;
  }

  /** Starts it on a free port. It neither writes to the disk nor reads files that happen to be there. */
  static async start(options: readonly string[] = []): Promise<RedisServer> {
    const port = await freePort();
    const files = ['--save', '', '--appendonly', 'no', '--dbfilename', 'never-written.rdb'];
    const tool = new Tool('redis-server', ['--bind', '127.0.0.1', '--port', String(port), ...files, ...options]);
    await tool.until(/Ready to accept connections/);
    return new RedisServer(port, tool);
  }

  stop(): Promise<void> {
    return this.#tool.stop();
  }
}
