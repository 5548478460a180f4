import { Lateness } from '../../src/engine/index.js';
import { CodedError } from '../../src/errors.js';
import { Slice } from '../../src/slice.js';
import type { RemoteStore, StoreStatus } from '../../src/store/remote-store.js';
import type { SessionStore } from '../../src/store/session-store.js';
import type { Transaction, Watched } from '../../src/store/store.js';

/** An operation that somebody has asked of a store. */
interface Asked {
  /** The operation and its arguments: `get token key`. */
  readonly what: string;
  answer(result: unknown): void;
  fail(error: Error): void;
}

const RELEASED = new CodedError('TRYAGAIN', 'the test is over');

/** A store of sessions that answers when the test says so. */
export class HeldStore implements RemoteStore {
  readonly lateness = new Lateness(0);
  /** It is not reachable, so that the server does not ask for statistics. */
  readonly status: StoreStatus = {
    kind: 'single',
    version: 'Valkey 9.1.2',
    nodes: [],
    partitions: 1,
    owned: 0,
    processes: 1,
    reachable: false,
    since: 0,
    lastError: undefined,
    calls: 0,
    failures: 0,
    totalMs: 0,
  };
  /** What has been asked, in order, answered or not. */
  readonly asked: string[] = [];
  /** What has been asked and not been answered, oldest first. */
  readonly pending: Asked[] = [];
  readonly sessions: SessionStore;
  #isReleased = false;
  #wake: () => void = () => {};

  /** @param atOnce What an operation answers at once, undefined for later. It may throw. */
  constructor(atOnce: (what: string) => unknown = () => undefined) {
    this.sessions = operations((what) => atOnce(what) ?? this.#hold(what));
  }

  /** Waits until this many operations are pending. */
  async holds(count: number): Promise<void> {
    while (this.pending.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Answers the oldest pending operation of these. */
  answer(what: string, result?: unknown): void {
    this.#take(what).answer(result);
  }

  /** Makes the oldest pending operation of these fail. */
  fail(what: string, error: Error): void {
    this.#take(what).fail(error);
  }

  /** Makes everything fail from now on, so that nobody waits for the store any more. */
  release(): void {
    this.#isReleased = true;
    for (const { fail } of this.pending.splice(0)) fail(RELEASED);
  }

  watch(token: Slice): Promise<Watched> {
    return this.#hold(`watch ${token.latin1()}`);
  }

  begin(watched: readonly Watched[]): Transaction {
    return {
      sessions: operations((what) => this.#hold(`transaction: ${what}`)),
      commit: () => this.#hold(['commit', ...watched].join(' ')) as Promise<boolean>,
    };
  }

  async start(): Promise<void> {}
  async follow(): Promise<void> {}
  async close(): Promise<void> {}

  #hold(what: string): Promise<unknown> {
    this.asked.push(what);
    if (this.#isReleased) return Promise.reject(RELEASED);
    return new Promise((answer, fail) => {
      this.pending.push({ what, answer, fail });
      this.#wake();
    });
  }

  #take(wanted: string): Asked {
    const index = this.pending.findIndex(({ what }) => what === wanted);
    if (index < 0) throw new Error(`nobody waits for ${wanted}, only for: ${this.pending.map(({ what }) => what)}`);
    return this.pending.splice(index, 1)[0];
  }
}

/** Makes operations that pass their name and arguments to `ask`. */
function operations(ask: (what: string) => unknown): SessionStore {
  return new Proxy({} as SessionStore, {
    get:
      (_, operation) =>
      (...args: unknown[]) =>
        ask([String(operation), ...args.flatMap(textOf)].join(' ')),
  });
}

function textOf(arg: unknown): string[] {
  if (arg instanceof Slice) return [arg.latin1()];
  if (Array.isArray(arg)) return arg.flatMap(textOf);
  // Whether the operation is use of the session.
  return typeof arg === 'boolean' ? [] : [String(arg)];
}
