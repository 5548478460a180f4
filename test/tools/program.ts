import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { startNode } from '../child-process.js';

/** How a line of the log begins, as text or as JSON. Anything else on standard error is an error. */
const LOG_LINE = /^\d{4}-\d\d-\d\dT|^\{"time":/;

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

interface ClientOptions {
  protocol: 2 | 3;
  replyMapping?: 'resp3';
  stringNumbers?: boolean;
  username?: string;
  password?: string;
  db?: number;
}

/** The program, started as a user starts it, on a free port. */
export class Program {
  /** Resolves when the program accepts connections. Rejects if it ends first. */
  readonly ready: Promise<Program>;
  readonly #process: ChildProcess;
  /** Resolves when the process is gone and everything that it wrote has been read. */
  readonly #closed: Promise<unknown>;
  readonly #clients: Redis[] = [];
  readonly #lines: string[] = [];
  readonly #output: string[] = [];
  #observer: Redis | undefined;
  #port = 0;
  #pageUrl = '';

  private constructor(args: readonly string[], env: Record<string, string>, showErrors: boolean) {
    const child = startNode([CLI, '--bind', '127.0.0.1', '--port', '0', ...args], { env });
    this.#process = child;
    this.#closed = new Promise((resolve) => child.once('close', resolve));
    // A test that fails cannot stop the program. It must not keep the tests waiting.
    child.unref();
    this.#read(child.stdout as Socket, (line) => this.#output.push(line));
    this.ready = new Promise((resolve, reject) => {
      this.#read(child.stderr as Socket, (line) => {
        this.#lines.push(line);
        if (showErrors && !LOG_LINE.test(line)) console.error(line);
        const port = /is ready on \S+:(\d+)/.exec(line)?.[1];
        if (port === undefined) return;
        this.#port = Number(port);
        this.#pageUrl = / page at (\S+?)\/? - /.exec(line)?.[1] ?? '';
        resolve(this);
      });
      child.once('close', (code) => reject(new Error(`exited with ${code} before it was ready: ${this.log}`)));
    });
    this.ready.catch(() => {});
  }

  /** Starts it and waits until it is ready. Its errors are shown. */
  static start(args: readonly string[] = [], environment: Record<string, string> = {}): Promise<Program> {
    return new Program(args, environment, true).ready;
  }

  /** Starts it. Its errors are in its log. */
  static launch(args: readonly string[], environment: Record<string, string> = {}): Program {
    return new Program(args, environment, false);
  }

  #read(stream: Socket, onLine: (line: string) => void): void {
    stream.unref();
    createInterface({ input: stream }).on('line', onLine);
  }

  get port(): number {
    return this.#port;
  }

  /** What it has written to standard output. */
  get output(): string {
    return this.#output.join('\n');
  }

  /** What it has written to standard error: its log and its errors. */
  get log(): string {
    return this.#lines.join('\n');
  }

  /** A number from INFO. */
  async info(field: 'used_memory_rss' | 'connected_clients'): Promise<number> {
    this.#observer ??= this.client();
    return Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(await this.#observer.info())?.[1]);
  }

  /** A client that is closed with the program. RESP2 unless the options say otherwise. */
  client(options: ClientOptions = { protocol: 2 }): Redis {
    // The timeout only guards against hanging. A busy machine may take longer than the default of 10 s.
    const client = new Redis(this.port, { connectTimeout: 60_000, ...options });
    client.on('error', () => {});
    this.#clients.push(client);
    return client;
  }

  /** Stops reading its log. */
  closeLog(): void {
    this.#process.stderr?.destroy();
  }

  /** The URL of its page, without a slash at the end; empty without `http-port`. */
  get pageUrl(): string {
    return this.#pageUrl;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Resolves when it is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited();
  }

  /** Resolves with the exit code, when its log is complete. */
  async exited(): Promise<number | null> {
    await this.#closed;
    return this.#process.exitCode;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    this.signal('SIGTERM');
    await this.exited();
  }
}

/**
 * Runs the program to its end and returns what it printed.
 * @param user The user id to run as; only root may choose one.
 */
export async function runToEnd(args: readonly string[], environment: Record<string, string> = {}, user?: number) {
  const child = startNode([CLI, ...args], { env: environment, ...(user !== undefined && { uid: user }) });
  let out = '';
  let err = '';
  child.stdout?.on('data', (text) => {
    out += text;
  });
  child.stderr?.on('data', (text) => {
    err += text;
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, out, err };
}

/** Returns the lines of a log without those that a slow machine causes at any time. */
export function linesOf(log: string): string[] {
  return log
    .split('\n')
    .filter((line) => !/stalled for|stalls of the event loop|of sessions or keys up to|late expiries/.test(line));
}

/** Returns the message of the error that refuses a request. */
export async function refusalOf(reply: Promise<unknown>): Promise<string> {
  return reply.then(
    (value) => `no error, but ${JSON.stringify(value)}`,
    (error: Error) => error.message,
  );
}
