import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { Redis } from 'ioredis';
import { isThere, Tool, works } from './external-tool.js';
import { freePort } from './free-port.js';

const REDIS = 'redis-server';

/** What keeps stores. `STORE_SERVER` names another program than Debian's: the newest Valkey, for example. */
const PROGRAM = process.env.STORE_SERVER ?? REDIS;

/** Makes the system kill a program when the process that started it ends, even if that was killed. Linux has it. */
const DIES_WITH_PARENT = works('setpriv', '--version') ? ['setpriv', '--pdeathsig', 'KILL'] : [];

/** It neither writes data to the disk nor reads any that happen to be there. */
const IN_MEMORY = ['--save', '', '--appendonly', 'no'];

/** What a client needs to connect to a server. */
export interface Credentials {
  readonly username?: string;
  readonly password?: string;
  readonly tls?: ConnectionOptions;
}

/** A real Redis or Valkey server on a free port of 127.0.0.1. */
export class RedisServer {
  static readonly there = isThere('redis-server', 'redis-server', works(PROGRAM, '--version'));

  readonly port: number;
  readonly #program: string;
  readonly #args: readonly string[];
  readonly #directory: string;
  readonly #credentials: Credentials;
  #tool!: Tool;

  private constructor(
    program: string,
    port: number,
    directory: string,
    args: readonly string[],
    credentials: Credentials,
  ) {
    this.#program = program;
    this.port = port;
    this.#args = args;
    this.#directory = directory;
    this.#credentials = credentials;
  }

  /**
   * Starts a server.
   * @param credentials What `ask` needs to connect to it. With `tls` its port is for TLS.
   */
  static start(options: readonly string[] = [], credentials: Credentials = {}): Promise<RedisServer> {
    return RedisServer.#start(PROGRAM, options, credentials);
  }

  /**
   * Starts redis-server, whatever keeps the stores: for what is compared with Redis.
   * @param program Another redis-server than that of the system.
   */
  static startRedis(options: readonly string[] = [], program = REDIS): Promise<RedisServer> {
    return RedisServer.#start(program, options, {});
  }

  static async #start(program: string, options: readonly string[], credentials: Credentials): Promise<RedisServer> {
    const directory = mkdtempSync(join(tmpdir(), 'respite-redis-'));
    const port = await freePort();
    const ports = ['--port', String(port)];
    // With TLS it has no port without.
    if (credentials.tls !== undefined) ports.splice(0, 2, '--port', '0', '--tls-port', String(port));
    const args = ['--bind', '127.0.0.1', ...ports, '--dir', directory, ...IN_MEMORY, ...options];
    return new RedisServer(program, port, directory, args, credentials).restart();
  }

  /** Starts a Sentinel. @param lines Its configuration. */
  static async startSentinel(lines: readonly string[]): Promise<RedisServer> {
    const directory = mkdtempSync(join(tmpdir(), 'respite-sentinel-'));
    const port = await freePort();
    // A Sentinel writes what it learns into its configuration.
    const file = join(directory, 'sentinel.conf');
    writeFileSync(file, [`port ${port}`, 'bind 127.0.0.1', `dir ${directory}`, ...lines, ''].join('\n'));
    return new RedisServer(PROGRAM, port, directory, [file, '--sentinel'], {}).restart();
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Sends a command over a connection of its own. */
  ask(command: string, ...args: (string | number)[]): Promise<unknown> {
    return this.#connected((client) => client.call(command, ...args));
  }

  /** Like `ask`, with Buffers in the place of strings. */
  askBuffers(command: string, ...args: (string | number)[]): Promise<unknown> {
    return this.#connected((client) => client.callBuffer(command, ...args));
  }

  async #connected(use: (client: Redis) => Promise<unknown>): Promise<unknown> {
    const client = new Redis(this.port, { retryStrategy: null, connectTimeout: 60_000, ...this.#credentials });
    client.on('error', () => {});
    try {
      return await use(client);
    } finally {
      client.disconnect();
    }
  }

  /** Kills it. `restart` starts it again, without its data. */
  kill(): Promise<void> {
    return this.#tool.stop();
  }

  async restart(): Promise<this> {
    const [command = '', ...args] = [...DIES_WITH_PARENT, this.#program, ...this.#args];
    this.#tool = new Tool(command, args);
    await this.#tool.until(/Ready to accept connections|Sentinel ID is/);
    return this;
  }

  /** Stops it as if the machine did not answer. Its sockets stay open. */
  pause(): void {
    this.#tool.signal('SIGSTOP');
  }

  resume(): void {
    this.#tool.signal('SIGCONT');
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
