import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import type { Dialect } from './operations.js';

export interface StartOptions {
  /** The directory of its journal, which is made durable every second. None by default. */
  readonly journal?: string | undefined;
  /** Whether to start respite with `runtime-probe.mjs`. */
  readonly watched?: boolean;
  /** More options for the command line. */
  readonly options?: readonly string[];
}

/** A server to measure. */
export interface Contender {
  readonly name: string;
  readonly dialect: Dialect;
  /** Starts the server, empty or with the contents of its journal. Resolves when it is ready. */
  start(options?: StartOptions): Promise<Server>;
}

/** What `runtime-probe.mjs` recorded in the server's process, in ms. */
export interface RuntimeFindings {
  /** How long each garbage collection, or each step of one, took. */
  readonly collections: readonly number[];
  /** The longest time that the event loop was late for a timer. */
  readonly loopDelay: number;
}

const running = new Set<ChildProcess>();

/** Kills the servers that still run: one that is left behind would affect later measurements. */
export function killRunning(): void {
  for (const child of running) child.kill('SIGKILL');
}

process.once('exit', killRunning);
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
process.once('SIGHUP', () => process.exit(129));

/** respite from dist/, under a Node.js. */
export function respite(node = process.execPath, name = 'respite'): Contender {
  const dialect = 'respite';
  return {
    name,
    dialect,
    async start({ journal, watched, options = [] } = {}) {
      const probe = watched ? ['--import', new URL('./runtime-probe.mjs', import.meta.url).href] : [];
      const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
      const args = [...probe, cli, '--bind', '127.0.0.1', '--port', '0', ...journalOptions(journal), ...options];
      const child = startChild(node, args, watched);
      const [, port] = await lineOf(child, /is ready on \S+:(\d+)/);
      return new Server(name, dialect, Number(port), child);
    },
  };
}

/** Redis, Valkey, or another server with their commands and options. */
export function peer(name: string, command: string): Contender {
  const dialect = 'redis';
  const [program, ...args] = command.split(' ');
  return {
    name,
    dialect,
    async start({ journal } = {}) {
      const port = await freePort();
      const quiet = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'];
      const child = startChild(program, [...args, ...quiet, ...journalOptions(journal)]);
      await lineOf(child, /Ready to accept connections/);
      return new Server(name, dialect, port, child);
    },
  };
}

/** Both kinds of servers have the same options. */
function journalOptions(directory: string | undefined): string[] {
  return directory === undefined ? [] : ['--appendonly', 'yes', '--appendfsync', 'everysec', '--dir', directory];
}

/** Returns the version of a program; undefined if it is missing. */
export function versionOf(command: string): string | undefined {
  const [program, ...args] = command.split(' ');
  const { stdout } = spawnSync(program, [...args, '--version'], { encoding: 'utf8' });
  return /\d+\.\d+\.\d+/.exec(stdout ?? '')?.[0];
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

  constructor(name: string, dialect: Dialect, port: number, child: ChildProcess) {
    this.name = name;
    this.dialect = dialect;
    this.port = port;
    this.pid = child.pid as number;
    this.#child = child;
    this.client = new Redis({ port, host: '127.0.0.1', retryStrategy: null });
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

  /** Returns the number of sessions. */
  async count(): Promise<number> {
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
    await stopChild(this.#child);
  }
}

/**
 * Returns the processor time that a process has used so far, user and system, in all threads, in seconds. The kernel
 * counts it in nanoseconds. The times in /proc/PID/stat are whole ticks of 10 ms.
 */
export function cpuSecondsOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const times = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]),
  );
  return times.reduce((sum, time) => sum + time, 0) / 1e9;
}

/** Starts servers, and returns them by name. */
export async function startAll(contenders: readonly Contender[]): Promise<Record<string, Server>> {
  const servers = await Promise.all(contenders.map((contender) => contender.start()));
  return Object.fromEntries(servers.map((server) => [server.name, server]));
}

export async function stopAll(servers: Readonly<Record<string, Server>>): Promise<void> {
  await Promise.all(Object.values(servers).map((server) => server.stop()));
}

/** Starts a program that is killed when this process ends. */
export function startChild(program: string, args: readonly string[], talks = false): ChildProcess {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe', ...(talks ? ['ipc' as const] : [])] });
  running.add(child);
  child.once('close', () => running.delete(child));
  return child;
}

export async function stopChild(child: ChildProcess): Promise<void> {
  child.kill();
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** Waits for the line in which a server says that it is ready. */
function lineOf(child: ChildProcess, ready: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let complaint = '';
    child.once('error', reject);
    for (const input of [child.stdout, child.stderr]) {
      if (input === null) continue;
      createInterface({ input }).on('line', (line) => {
        const match = ready.exec(line);
        if (match) resolve(match);
        if (input === child.stderr) complaint += `${line}\n`;
      });
    }
    child.once('close', (code) =>
      reject(new Error(`${child.spawnfile} ended with ${code} before it was ready: ${complaint}`)),
    );
  });
}

/** Returns a free port, for servers that cannot pick one or do not say which. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}
