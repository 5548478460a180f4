import { type ChildProcess, type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { cpuSecondsOf, residentBytesOf } from './process-usage.js';

type Child = ChildProcessByStdio<null, Readable, Readable>;

const children = new Set<Child>();

// However this process ends, its children end too: a server left behind would affect later measurements.
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
process.once('SIGHUP', () => process.exit(129));

function startChild(program: string, args: readonly string[]): Child {
  return keepTrack(spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] }));
}

/** A program that can receive messages: see `ChildProcess.send`. */
function startTalkingChild(program: string, args: readonly string[]): Child {
  // With an IPC channel, the types no longer know that stdin is ignored and the outputs are pipes.
  return keepTrack(spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] }) as ChildProcess as Child);
}

function keepTrack(child: Child): Child {
  children.add(child);
  child.once('close', () => children.delete(child));
  return child;
}

/**
 * Returns what a program prints as its version.
 * @throws Error if it is missing, with the Debian package to install.
 */
export function requireProgram(program: string, debianPackage: string): string {
  const { error, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  if (error) throw new Error(`${program} is not installed: install the Debian package ${debianPackage}`);
  return stdout;
}

/** A server in a separate process. */
export class ServerProcess {
  readonly name: string;
  readonly port: number;
  readonly #child: Child;

  constructor(name: string, port: number, child: Child) {
    this.name = name;
    this.port = port;
    this.#child = child;
  }

  /** Processor time used so far, user and system, in all threads, in seconds. */
  cpuSeconds(): number {
    return cpuSecondsOf(this.#pid);
  }

  /** Memory in RAM (RSS), in bytes. */
  residentBytes(): number {
    return residentBytesOf(this.#pid);
  }

  /** Sends a message to the preload that the server was started with. */
  send(message: string): void {
    this.#child.send(message);
  }

  /** Returns the next message of the preload. */
  async message(): Promise<unknown> {
    const [message] = await once(this.#child, 'message');
    return message;
  }

  get #pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.name} has not started`);
    return this.#child.pid;
  }

  async stop(): Promise<void> {
    this.#child.kill();
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }
}

/**
 * Starts respite from dist/.
 * @param preload A module of this folder that is loaded first.
 * @param options More command-line options.
 */
export async function startRespite(preload?: string, options: readonly string[] = []): Promise<ServerProcess> {
  const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
  const args = [cli, '--bind', '127.0.0.1', '--port', '0', ...options];
  const child =
    preload === undefined
      ? startChild(process.execPath, args)
      : startTalkingChild(process.execPath, ['--import', new URL(preload, import.meta.url).href, ...args]);
  const [, port] = await lineOf(child, /is ready on \S+:(\d+)/);
  return new ServerProcess('respite', Number(port), child);
}

/** Starts Redis. It writes nothing to disk unless `options` say so. */
export async function startRedis(options: readonly string[] = []): Promise<ServerProcess> {
  const port = await freePort();
  const args = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no', ...options];
  const child = startChild('redis-server', args);
  await lineOf(child, /Ready to accept connections/);
  return new ServerProcess('Redis', port, child);
}

/** Waits for the line in which a server says that it is ready. */
function lineOf(child: Child, ready: RegExp): Promise<RegExpExecArray> {
  const complaint = collect(child.stderr);
  return new Promise((resolve, reject) => {
    for (const input of [child.stdout, child.stderr])
      createInterface({ input }).on('line', (line) => {
        const match = ready.exec(line);
        if (match) resolve(match);
      });
    child.once('close', (code) =>
      reject(new Error(`${child.spawnfile} ended with ${code} before it was ready: ${complaint()}`)),
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

function collect(stream: Readable): () => string {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}
