import type { Random } from '../tools/random.js';
import type { Link } from './link.js';
import { Race } from './race.js';

/** From when to when, in ms: between the two something happened. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * When sessions could be evicted, and commands refused for lack of memory: from before maxmemory was set
 * until it was lifted.
 */
export class Pressure {
  #spans: Span[] = [];

  begin(): void {
    this.#spans.push({ from: performance.now(), to: Infinity });
  }

  end(): void {
    const last = this.#spans.pop();
    if (last !== undefined) this.#spans.push({ from: last.from, to: performance.now() });
  }

  /** Whether there was any in that time. */
  within({ from, to }: Span): boolean {
    return this.#spans.some((span) => span.from <= to && from <= span.to);
  }
}

/** What all actors of a soak share: where the server is, what they have counted, and how one of them ends the run. */
export class Stage {
  readonly port: number;
  readonly socketPath: string;
  readonly password: string;
  readonly random: Random;
  readonly pressure = new Pressure();
  /** Who is connected. */
  readonly links = new Set<Link>();
  /** What all workers count up at the moment. */
  race = new Race('race-0');
  /** The load is to end: every actor finishes what it is at, and leaves. */
  stopping = false;
  /** Rejects with the first thing that was wrong. */
  readonly failure: Promise<never>;

  readonly #counts = new Map<string, number>();
  #reject: (reason: Error) => void = () => {};
  readonly #wake = new Set<() => void>();

  constructor(options: { port: number; socketPath: string; password: string; random: Random }) {
    this.port = options.port;
    this.socketPath = options.socketPath;
    this.password = options.password;
    this.random = options.random;
    this.failure = new Promise<never>((_, reject) => {
      this.#reject = reject;
    });
    this.failure.catch(() => {});
  }

  count(what: string, by = 1): void {
    this.#counts.set(what, this.counted(what) + by);
  }

  counted(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** The server did what it must not. */
  fail(reason: string): void {
    this.#reject(new Error(reason));
  }

  /** Waits, but not beyond the end of the load. */
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
