import type { Socket } from 'node:net';
import { openSocket } from '../tools/connection.js';
import type { Random } from '../tools/random.js';
import type { Span } from '../tools/session.js';
import { Tally } from '../tools/tally.js';
import type { Link } from './link.js';
import { Race } from './race.js';

/** When memory was short, so that the server may have evicted sessions and refused commands. */
export class Pressure {
  #spans: Span[] = [];

  begin(): void {
    this.#spans.push({ from: performance.now(), to: Infinity });
  }

  end(): void {
    const last = this.#spans.pop();
    if (last !== undefined) this.#spans.push({ from: last.from, to: performance.now() });
  }

  /** Returns whether memory was short at any time in that span. */
  within({ from, to }: Span): boolean {
    return this.#spans.some((span) => span.from <= to && from <= span.to);
  }
}

interface Options {
  readonly port: number;
  readonly socketPath: string;
  readonly password: string;
  readonly random: Random;
}

/** What all participants share: where the server is, what they have counted, and how one of them fails the run. */
export class Stage {
  readonly password: string;
  readonly random: Random;
  readonly pressure = new Pressure();
  readonly tally = new Tally();
  /** The connections of all participants. */
  readonly links = new Set<Link>();
  /** The number that all workers increment at the moment. */
  race = new Race('race-0');
  /** The load is about to end: each participant completes what it is doing and leaves. */
  stopping = false;
  /** Rejects with the first error. */
  readonly failure: Promise<never>;

  readonly #options: Options;
  #reject: (reason: Error) => void = () => {};
  readonly #wake = new Set<() => void>();

  constructor(options: Options) {
    this.#options = options;
    this.password = options.password;
    this.random = options.random;
    this.failure = new Promise<never>((_, reject) => {
      this.#reject = reject;
    });
    this.failure.catch(() => {});
  }

  /** Opens a socket and counts it, to compare with the server's own count. */
  async connect(unix: boolean): Promise<Socket> {
    const socket = await openSocket(unix ? { path: this.#options.socketPath } : { port: this.#options.port });
    this.tally.count('connections');
    return socket;
  }

  /** Fails the run: the server did something wrong. */
  fail(reason: string): void {
    this.#reject(new Error(reason));
  }

  /** Waits, but no longer than the load lasts. */
  pause(ms: number): Promise<void> {
    if (this.stopping) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake.add(done);
    });
  }

  stop(): void {
    this.stopping = true;
    for (const wake of this.#wake) wake();
  }
}
