import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { watched } from '../child-process.js';
import type { Application } from './application.js';
import type { ConsoleStep } from './code-blocks.js';
import { isAsPrinted, type Tokens, withTokens } from './expected-output.js';

const PRELOADS = ['../lifeline.mjs', './redirect-ports.mjs'].map((file) => new URL(file, import.meta.url).href);

/** Directories that pages name. In a test they are inside the application's folder. */
const SYSTEM_DIRECTORIES = /\/(?:var\/lib|run)(?=\/)/g;

/** A process that a page leaves running. */
interface Running {
  readonly step: ConsoleStep;
  readonly process: ChildProcessWithoutNullStreams;
  /** What it has printed so far. */
  output(): string;
}

/** Runs the commands of a page in the folder of an application, and compares their output with the page. */
export class Terminal {
  readonly #folder: string;
  readonly #environment: Record<string, string>;
  readonly #tokens: Tokens = new Map();
  readonly #running: Running[] = [];
  readonly #expected: Running[] = [];

  /** @param ports Where the page's server is, for clients and for HTTP, its web application and its store. */
  constructor(application: Application, ports: { redis: number; http: number; web: number; store: number }) {
    this.#folder = application.folder;
    const bin = join(this.#folder, 'bin');
    for (const directory of [bin, join(this.#folder, 'run'), join(this.#folder, 'var/lib')]) {
      mkdirSync(directory, { recursive: true });
    }
    // A terminal shows replies with their types, which redis-cli leaves out when its output is read by a program.
    script(bin, 'redis-cli', `exec ${which('redis-cli')} --no-raw -p ${ports.redis} "$@"`);
    const inMemory = `--save '' --appendonly no --logfile ${this.#folder}/redis.log`;
    script(bin, 'redis-server', `exec ${which('redis-server')} "$@" --port ${ports.store} ${inMemory}`);
    const redirected = `--connect-to localhost:3000:127.0.0.1:${ports.web} --connect-to 127.0.0.1:8080:127.0.0.1:${ports.http}`;
    script(bin, 'curl', `exec ${which('curl')} -sS ${redirected} "$@"`);
    this.#environment = {
      ...application.environment(bin),
      NODE_OPTIONS: PRELOADS.map((url) => `--import=${url}`).join(' '),
      HTTP_PORT: String(ports.http),
      REDIS_PORT: String(ports.redis),
      RESPITE_PORT: String(ports.redis),
      STORE_PORT: String(ports.store),
      WEB_PORT: String(ports.web),
    };
  }

  /** Runs a command until it ends. @throws Error if its output is not what the page says. */
  async run(step: ConsoleStep): Promise<void> {
    const running = this.#spawn(step);
    await once(running.process, 'close');
    this.#compare(running);
  }

  /** Stops what is running, except for the server's store, starts a server and waits until it is ready. */
  async startServer(command: string): Promise<void> {
    await this.#stop(({ step }) => !isStore(step));
    // Without npx, the signal that stops the server reaches it. Its folder is in PATH.
    const running = this.#spawn({ command: command.replace(/^npx /, ''), output: '' });
    this.#running.push(running);
    await this.#until(running, () => / is ready on /.test(running.output()));
  }

  /** Starts a command that keeps running, and waits for its first output. */
  async start(step: ConsoleStep): Promise<void> {
    // Messages arrive later, when something is published.
    const [beginning, ...messages] = step.output.split(/(?=^1\) "p?message"|^received )/m);
    const running = this.#spawn({ ...step, output: beginning.trimEnd() });
    this.#running.push(running);
    await this.#printed(running);
    if (messages.length > 0) this.#expected.push({ ...running, step });
  }

  /** Waits until every subscriber has printed the messages on the page, and stops what is running. */
  async end(): Promise<void> {
    for (const running of this.#expected.splice(0)) await this.#printed(running);
    await this.stop();
  }

  /** Stops what is running. */
  stop(): Promise<void> {
    return this.#stop(() => true);
  }

  async #stop(which: (running: Running) => boolean): Promise<void> {
    const stopped = this.#running.filter(which);
    for (const running of stopped) this.#running.splice(this.#running.indexOf(running), 1);
    // The store is stopped after its server.
    for (const { process } of stopped.reverse()) {
      if (process.exitCode !== null || process.signalCode !== null) continue;
      process.kill('SIGTERM');
      await once(process, 'exit');
    }
  }

  #spawn(step: ConsoleStep): Running {
    const command = withTokens(step.command, this.#tokens).replace(SYSTEM_DIRECTORIES, `${this.#folder}$&`);
    // A single command replaces the shell, so that a signal reaches it.
    const child = spawn('bash', ['-c', command], { cwd: this.#folder, env: this.#environment });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    return { step, process: watched(child), output: () => this.#shown(output) };
  }

  #shown(output: string): string {
    return output
      .replaceAll(this.#folder, '')
      .replace(/^Reading messages.*\n/, '')
      .trimEnd();
  }

  #isAsPrinted({ step, output }: Running): boolean {
    return isLessTimeLeft(step, output()) || isAsPrinted(output(), step.output, this.#tokens);
  }

  #compare(running: Running): void {
    if (!this.#isAsPrinted(running)) throw mismatch(running);
  }

  #printed(running: Running): Promise<void> {
    return this.#until(running, () => this.#isAsPrinted(running));
  }

  /** @throws Error if the process ends first, or nothing happens for a minute. */
  async #until(running: Running, isDone: () => boolean): Promise<void> {
    const { process } = running;
    const guard = AbortSignal.timeout(60_000);
    while (!isDone()) {
      if (process.exitCode !== null || process.signalCode !== null || guard.aborted) {
        throw mismatch(running);
      }
      const settled = new AbortController();
      const options = { signal: AbortSignal.any([guard, settled.signal]) };
      const outputs = [process.stdout, process.stderr].map((stream) => once(stream, 'data', options));
      await Promise.race([...outputs, once(process, 'close', options)]).catch(() => {});
      settled.abort();
    }
  }
}

/** Whether a command starts the store of a server. */
function isStore({ command }: ConsoleStep): boolean {
  return command.startsWith('redis-server ');
}

/** Whether a command prints times that are left, and a slow machine has used up some of what the page shows. */
function isLessTimeLeft({ command, output }: ConsoleStep, actual: string): boolean {
  if (!/ (?:SESSION\.)?(?:KEY|H)?P?TTL /.test(command)) return false;
  const printed = output.split('\n');
  const left = actual.split('\n');
  return printed.length === left.length && printed.every((line, i) => isNoMore(left[i], line));
}

/** Whether a line is the same as another, or has a smaller time. */
function isNoMore(line: string, other: string): boolean {
  if (line === other) return true;
  const [less, more] = [line, other].map((text) => /^(?<before>.*\(integer\) )(?<time>\d+)$/.exec(text)?.groups);
  return less?.before === more?.before && Number(less?.time) > 0 && Number(less?.time) < Number(more?.time);
}

function mismatch({ step, output }: Running): Error {
  return new Error(`$ ${step.command}\n${output()}\n\nThe page says:\n${step.output}`);
}

function script(bin: string, name: string, text: string): void {
  const file = join(bin, name);
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
}

function which(program: string): string {
  return execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
}
