import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Contender } from './contender.js';
import type { Dialect } from './operations.js';
import { cpuSecondsOf, readyLine, startProcess, stopProcess } from './processes.js';

export interface StartOptions {
  /** Whether to start respite with `runtime-probe.mjs`. */
  readonly watched?: boolean;
  /** The path of a Unix socket through which `client` connects, if the port speaks TLS. */
  readonly socket?: string;
  /** More options for the command line. */
  readonly options?: readonly string[];
}

/** What `runtime-probe.mjs` recorded in the server's process, in ms. */
export interface RuntimeFindings {
  /** How long each garbage collection, or each step of one, took. */
  readonly collections: readonly number[];
  /** The longest time that the event loop was late for a timer. */
  readonly loopDelay: number;
}

/** A running server. */
export class Server {
  readonly name: string;
  readonly dialect: Dialect;
  readonly port: number;
  readonly pid: number;
  readonly #child: ChildProcess;
  /** An ordinary client, for what is done before and after a measurement. */
  readonly client: Redis;

  /** Starts a server, empty or with the contents of its journal. Resolves when it is ready. */
  static async start(contender: Contender, { watched, socket, options = [] }: StartOptions = {}): Promise<Server> {
    const { command, journal, ready } = contender;
    const [program, ...args] = command;
    const port = await freePort();
    const probe = watched ? ['--import', new URL('./runtime-probe.mjs', import.meta.url).href] : [];
    const address = ['--bind', '127.0.0.1', '--port', String(port)];
    const durable = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--dir', journal ?? ''];
    const all = [...probe, ...args, ...address, ...(journal === undefined ? [] : durable), ...options];
    if (socket !== undefined) all.push('--unixsocket', socket);
    const child = startProcess(program, all, watched);
    await readyLine(child, ready);
    return new Server(contender, port, child, socket);
  }

  private constructor({ name, dialect }: Contender, port: number, child: ChildProcess, path?: string) {
    this.name = name;
    this.dialect = dialect;
    this.port = port;
    this.pid = child.pid as number;
    this.#child = child;
    this.client = new Redis({ ...(path ? { path } : { port, host: '127.0.0.1' }), retryStrategy: null });
    // The next command fails and says why.
    this.client.on('error', () => {});
  }

  cpuSeconds(): number {
    return cpuSecondsOf(this.pid);
  }

  /** Memory in RAM (RSS), in bytes. */
  residentBytes(): number {
    const [, kilobytes] = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, 'latin1')) ?? [];
    return Number(kilobytes) * 1024;
  }

  /** Returns `used_memory`, in bytes. */
  async usedBytes(): Promise<number> {
    return Number(/^used_memory:(\d+)/m.exec(await this.client.info('memory'))?.[1]);
  }

  /** Returns the number of sessions. */
  count(): Promise<number> {
    return this.client.dbsize();
  }

  /**
   * Removes all sessions. Resolves when their memory is free too: a server may free it after its reply, which would
   * affect the next measurement.
   */
  async removeAll(): Promise<void> {
    await this.client.flushall();
    await this.#untilNo('memory', /^lazyfree_pending_objects:[1-9]/m);
  }

  /** Rewrites the journal, after a rewrite that the server may have started by itself. */
  async compact(): Promise<void> {
    const rewriting = /^aof_rewrite_(?:in_progress|scheduled):1/m;
    await this.#untilNo('persistence', rewriting);
    await this.client.bgrewriteaof();
    await this.#untilNo('persistence', rewriting);
  }

  async #untilNo(section: string, pattern: RegExp): Promise<void> {
    while (pattern.test(await this.client.info(section))) await setTimeout(5);
  }

  /** Records pauses of a server that was started with `watched`. Returns a function that ends the recording. */
  watch(): () => Promise<RuntimeFindings> {
    this.#child.send('begin');
    return async () => {
      const message = once(this.#child, 'message');
      this.#child.send('end');
      const [findings] = await message;
      return findings as RuntimeFindings;
    };
  }

  async stop(): Promise<void> {
    this.client.disconnect();
    await stopProcess(this.#child);
  }
}

/** Returns a free port, for servers that cannot pick one or do not say which. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}
